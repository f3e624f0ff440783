import assert from "node:assert/strict";

/** Length of a file's video and sound in seconds; fails if it cannot be decoded from start to end. */
export async function probeMedia(path: string): Promise<{ video: number; audio: number }> {
  const decode = await new Deno.Command("ffmpeg", {
    args: ["-v", "error", "-xerror", "-i", path, "-f", "null", "-"],
  }).output();
  assert.ok(decode.success, new TextDecoder().decode(decode.stderr));
  const [video, audio] = await Promise.all(["v:0", "a:0"].map(async (stream) => {
    const entries = "packet=pts_time,duration_time";
    const { stdout } = await new Deno.Command("ffprobe", {
      args: [
        "-v",
        "error",
        "-select_streams",
        stream,
        "-show_entries",
        entries,
        "-of",
        "csv",
        path,
      ],
    }).output();
    const ends = new TextDecoder().decode(stdout).trim().split("\n").map((line) => {
      const [, at, length] = line.split(",");
      return Number(at) + Number(length);
    });
    return Math.max(...ends);
  }));
  return { video, audio };
}
