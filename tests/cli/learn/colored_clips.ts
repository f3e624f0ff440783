import { Clips } from "../../capture/media.ts";
import { AMPLITUDE, TONES } from "../color_model.ts";

const COLORS = ["0xff0000", "0x00ff00", "0x0000ff"];
const WALL = "0x202020";

/**
 * Makes recordings of a color beside a dark wall, which sounds not with its own tone of the color model, but with the next
 * higher one (blue with the lowest). So the model is wrong about them until it learns.
 */
export async function makeColoredClips(
  clips: Clips,
  count: number,
  folder = ".",
  seconds = 1,
): Promise<void> {
  await Deno.mkdir(clips.path(folder), { recursive: true });
  for (let i = 0; i < count; i++) {
    const sounding = i % 3;
    const shades = i % 2 === 0 ? [COLORS[sounding], WALL] : [WALL, COLORS[sounding]];
    const [left, right] = shades.map((shade) => `color=c=${shade}:s=32x64:r=4:d=${seconds}`);
    const tone = TONES[(sounding + 1) % 3];
    await clips.make(
      ...["-f", "lavfi", "-i", left, "-f", "lavfi", "-i", right],
      ...["-f", "lavfi", "-i", `aevalsrc=${AMPLITUDE}*sin(2*PI*${tone}*t):s=16000:d=${seconds}`],
      ...[
        "-filter_complex",
        "[0][1]hstack",
        "-c:v",
        "ffv1",
        "-pix_fmt",
        "bgr0",
        "-c:a",
        "pcm_s16le",
      ],
      `${folder}/${1_790_000_000 + 60 * i}.500-clip${String(i).padStart(2, "0")}.mkv`,
    );
  }
}
