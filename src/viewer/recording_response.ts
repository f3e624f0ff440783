import { join } from "node:path";

/** Names of recordings: none leads out of the folder, and none is hidden. */
const NAME = /^[a-z0-9][a-z0-9.-]*\.(jpg|mp4|webm)$/i;
const TYPES: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  mp4: "video/mp4",
  webm: "video/webm",
};

/**
 * A recorded picture or clip; a part of it if the request says so, which players need to move in it (RFC 9110, 14.2).
 *
 * @returns undefined if there is no such recording.
 */
export async function recordingResponse(
  request: Request,
  folder: string,
  name: string,
  headers: Readonly<Record<string, string>>,
): Promise<Response | undefined> {
  const type = TYPES[NAME.exec(name)?.[1].toLowerCase() ?? ""];
  if (type === undefined) return undefined;
  const data = await Deno.readFile(join(folder, name)).catch(() => undefined);
  if (data === undefined) return undefined;
  const all = { ...headers, "content-type": type, "accept-ranges": "bytes" };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
  if (range === null) return new Response(data, { headers: all });
  const first = Number(range[1]);
  const last = Math.min(range[2] === "" ? Infinity : Number(range[2]), data.length - 1);
  if (first > last) {
    return new Response(null, {
      status: 416,
      headers: { ...all, "content-range": `bytes */${data.length}` },
    });
  }
  return new Response(data.subarray(first, last + 1), {
    status: 206,
    headers: { ...all, "content-range": `bytes ${first}-${last}/${data.length}` },
  });
}
