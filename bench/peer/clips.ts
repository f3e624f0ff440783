import { join } from "node:path";
import { MODEL } from "../demo_clip.ts";

/** Short names of the clips, and what they are. */
export const CLIPS = {
  demo: "demo clip",
  quiet: "80 % quiet",
  noisy: "never quiet",
} as const;
export type ClipName = keyof typeof CLIPS;

/** Paths of the clips made from the demo clip. */
export type PeerClips = Readonly<Record<ClipName, string>>;

/**
 * The first seconds of the demo clip; with the first fifth of its sound only, the rest silent; and with noise at -45 dBFS all
 * over it.
 *
 * @param seconds at most 20.
 */
export async function makeClips(folder: string, seconds: number): Promise<PeerClips> {
  await Deno.mkdir(folder);
  const demo = join(folder, "demo.mkv");
  await ffmpeg("-i", join(MODEL, "demo.mkv"), "-t", String(seconds), "-c", "copy", demo);
  const quiet = join(folder, "quiet.mkv");
  const noisy = join(folder, "noisy.mkv");
  await ffmpeg(
    "-i",
    demo,
    "-af",
    `volume=volume=0:enable='gt(t,${seconds / 5})'`,
    ...ENCODED,
    quiet,
  );
  await ffmpeg(
    ...["-i", demo, "-f", "lavfi", "-i", "anoisesrc=color=pink:seed=1:amplitude=0.02:r=48000"],
    ...["-filter_complex", "[0:a][1:a]amix=inputs=2:normalize=0:duration=first[a]"],
    ...["-map", "0:v", "-map", "[a]", ...ENCODED, noisy],
  );
  return { demo, quiet, noisy };
}

const ENCODED = ["-c:v", "copy", "-c:a", "libopus", "-b:a", "96k"];

async function ffmpeg(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ffmpeg", {
    args: ["-v", "error", "-nostdin", "-y", ...args],
    stdin: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`ffmpeg failed: ${new TextDecoder().decode(stderr).trim()}`);
}
