import assert from "node:assert/strict";

/** A part of a picture, 0..1. */
export type Box = readonly [x1: number, y1: number, x2: number, y2: number];

/** Runs a program that must succeed; gives what it prints. */
export async function tool(command: string, ...args: string[]): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return stdout;
}

/** The mean color of a part of a video's picture of 640 × 360 pixels. */
export async function meanColor(
  video: string,
  seconds: number,
  [x1, y1, x2, y2]: Box,
): Promise<number[]> {
  const [width, height] = [(x2 - x1) * 640, (y2 - y1) * 360].map(Math.round);
  const crop = `crop=${width}:${height}:${Math.round(x1 * 640)}:${Math.round(y1 * 360)}`;
  return [
    ...await tool(
      "ffmpeg",
      ...["-v", "error", "-ss", String(seconds), "-i", video, "-frames:v", "1"],
      ...["-vf", `${crop},scale=1:1:flags=area`, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"],
    ),
  ];
}
