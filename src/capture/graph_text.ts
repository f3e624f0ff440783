import { CaptureError } from "./capture_error.ts";
import type { Stream } from "./source.ts";
import { launchTokens } from "./launch_text.ts";

/**
 * A user's launch text with the appsinks `video` and `audio` replaced by Whence's own tails, so that it may deliver video and
 * audio in any raw format.
 *
 * @throws {CaptureError} unless it has each of the two appsinks once.
 */
export function completeGraph(graph: string, videoTail: string, audioTail: string): string {
  const tails = { video: videoTail, audio: audioTail };
  const found: Stream[] = [];
  const parts: string[] = [];
  const tokens = launchTokens(graph);
  for (let at = 0; at < tokens.length; at++) {
    if (tokens[at] !== "appsink") {
      parts.push(tokens[at]);
      continue;
    }
    let name: string | undefined;
    while (/^[a-z][a-z0-9-]*=/i.test(tokens[at + 1] ?? "")) {
      name = /^name=["']?(\w+)["']?$/.exec(tokens[++at])?.[1] ?? name;
    }
    if (name !== "video" && name !== "audio") {
      throw wrong(`each appsink must be named video or audio, got ${name ?? "one without a name"}`);
    }
    if (found.includes(name)) throw wrong(`it must have one appsink named ${name}, got two`);
    found.push(name);
    parts.push(tails[name]);
  }
  for (const name of ["video", "audio"] as const) {
    if (!found.includes(name)) throw wrong(`it must end in "appsink name=${name}" once, got none`);
  }
  return parts.join(" ");
}

function wrong(reason: string): CaptureError {
  return new CaptureError(`Cannot use source.graph: ${reason}`, ["source", "graph"]);
}
