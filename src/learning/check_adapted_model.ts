import type { Encoders } from "../model/encoders.ts";
import type { Adapter } from "./adapter.ts";
import { LearnError } from "./learn_error.ts";

/** Largest relative difference of the written graphs from the maps that were learned. */
const TOLERANCE = 1e-3;

/**
 * Compares a written model with its base and the maps that were learned, on a picture and a sound of noise.
 *
 * @returns the largest relative L2 difference.
 * @throws {LearnError} when they differ.
 */
export async function checkAdaptedModel(
  base: Encoders,
  written: Encoders,
  { picture, sound }: Adapter,
): Promise<number> {
  const { image: { width, height }, audio, channels, heads } = base.manifest;
  const random = noise(7);
  const frame = Uint8Array.from({ length: width * height * 3 }, () => 255 * random());
  const fixed = base.audio.inputs[0].dims[1];
  const samples = fixed > 0 ? fixed : Math.max(audio.min_samples, 2 * audio.sample_rate);
  const wave = Float32Array.from({ length: samples }, () => 0.2 * random() - 0.1);
  const [seen, seenNow] = [
    await base.encodeImages(frame, 1),
    await written.encodeImages(frame, 1),
  ];
  const [heard, heardNow] = [await base.encodeAudio(wave), await written.encodeAudio(wave)];
  const size = channels / heads.length;
  const worst = Math.max(
    difference(mapped(seen.features, picture, channels, channels), seenNow.features),
    difference(mapped(heard.features, sound, channels, size), heardNow.features),
  );
  if (!(worst <= TOLERANCE)) {
    throw new LearnError(
      `Cannot learn: the written model must equal what was learned to ${TOLERANCE}, got ${
        worst.toPrecision(2)
      }`,
    );
  }
  return worst;
}

/** Applies a map whose row c reads the `size` channels of its block: `[C, …]` → `[C, …]`. */
function mapped(
  values: Float32Array,
  map: readonly number[],
  channels: number,
  size: number,
): Float32Array {
  const cells = values.length / channels;
  const out = new Float32Array(values.length);
  for (let c = 0; c < channels; c++) {
    const first = Math.floor(c / size) * size;
    for (let i = 0; i < size; i++) {
      const weight = map[c * size + i];
      for (let p = 0; p < cells; p++) {
        out[c * cells + p] += weight * values[(first + i) * cells + p];
      }
    }
  }
  return out;
}

function difference(wanted: Float32Array, found: Float32Array): number {
  let [error, length] = [0, 0];
  for (const [i, value] of wanted.entries()) {
    error += (found[i] - value) ** 2;
    length += value ** 2;
  }
  return Math.sqrt(error / Math.max(length, 1e-12));
}

/** Numbers 0..1, the same for a seed. */
function noise(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
}
