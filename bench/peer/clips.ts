import { join } from "node:path";
import { MODEL } from "../demo_clip.ts";

/** Times that the demo clip of 20 s is repeated for a file that is read as fast as possible. */
const REPEATS = 6;

/** A clip made from the demo clip. */
export interface PeerClip {
  readonly name: string;
  readonly path: string;
}

/** The demo clip; with its first fifth only, the rest silent; and with noise at -45 dBFS all over it. Each in two lengths. */
export async function makeClips(folder: string) {
  const demo = join(MODEL, "demo.mkv");
  const quiet = join(folder, "quiet.mkv");
  const noisy = join(folder, "noisy.mkv");
  await ffmpeg("-i", demo, "-af", "volume=volume=0:enable='gt(t,4)'", ...ENCODED, quiet);
  await ffmpeg(
    ...["-i", demo, "-f", "lavfi", "-i", "anoisesrc=color=pink:seed=1:amplitude=0.02:r=48000"],
    ...["-filter_complex", "[0:a][1:a]amix=inputs=2:normalize=0:duration=first[a]"],
    ...["-map", "0:v", "-map", "[a]", ...ENCODED, noisy],
  );
  const short: PeerClip[] = [
    { name: "demo clip", path: demo },
    { name: "80 % quiet", path: quiet },
    { name: "never quiet", path: noisy },
  ];
  const long = await Promise.all(short.map(async ({ name, path }, i): Promise<PeerClip> => {
    const repeated = join(folder, `long${i}.mkv`);
    await ffmpeg("-stream_loop", String(REPEATS - 1), "-i", path, "-c", "copy", repeated);
    return { name, path: repeated };
  }));
  return { short, long };
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
