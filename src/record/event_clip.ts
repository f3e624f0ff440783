import sharp from "sharp";
import type { Cut } from "./encoded_ring.ts";
import { RecordError } from "./gst_process.ts";
import { VideoEncoder } from "./video_encoder.ts";
import type { VideoFormat } from "./video_format.ts";

/** Bytes of a WAV file's header. */
const HEADER = 44;

/**
 * Writes a cut as a video with sound, at a constant rate: a picture is shown until the next one.
 *
 * @throws {RecordError} when it cannot be written.
 */
export async function writeEventClip(
  cut: Cut,
  target: string,
  { format, rate, signal }: {
    readonly format: VideoFormat;
    readonly rate: number;
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const { width: wide, height: high } = await sharp(cut.pictures[0].jpeg).metadata();
  const width = Math.max(16, 4 * Math.round(wide / 4));
  const height = Math.max(16, 2 * Math.round(high / 2));
  const audio = `${target}.sound.part`;
  let encoder: VideoEncoder | undefined;
  try {
    await Deno.writeFile(audio, wavOf(cut));
    encoder = new VideoEncoder({ format, width, height, rate, audio, target, signal });
    const count = Math.max(1, Math.round((cut.to - cut.from) * rate));
    let shown = -1;
    let pixels: Uint8Array = new Uint8Array();
    for (let i = 0; i < count; i++) {
      const seconds = cut.from + i / rate;
      let next = Math.max(0, shown);
      while (next + 1 < cut.pictures.length && cut.pictures[next + 1].seconds <= seconds) next++;
      if (next !== shown) {
        shown = next;
        pixels = await sharp(cut.pictures[next].jpeg).removeAlpha().toColourspace("srgb")
          .resize(width, height, { fit: "fill" }).raw().toBuffer();
      }
      await encoder.write(pixels);
    }
    await encoder.finish();
  } catch (error) {
    await encoder?.abandon();
    // A broken pipe: the encoder has ended, and says why.
    throw encoder === undefined || error instanceof RecordError
      ? error
      : await encoder.fault(error);
  } finally {
    await Deno.remove(audio).catch(() => {});
  }
}

/** The sound of a cut as a WAV file with 16 bits; gaps are silent. */
function wavOf({ from, to, sound }: Cut): Uint8Array {
  const rate = sound[0]?.sampleRate ?? 16_000;
  const length = Math.max(1, Math.round((to - from) * rate));
  const bytes = new Uint8Array(HEADER + 2 * length);
  const view = new DataView(bytes.buffer);
  const text = (at: number, letters: string) => bytes.set(new TextEncoder().encode(letters), at);
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * length, true);
  for (const { seconds, samples } of sound) {
    const start = Math.round((seconds - from) * rate);
    for (let i = Math.max(0, -start); i < samples.length && start + i < length; i++) {
      const value = Math.max(-1, Math.min(1, samples[i]));
      view.setInt16(HEADER + 2 * (start + i), Math.round(value * 32767), true);
    }
  }
  return bytes;
}
