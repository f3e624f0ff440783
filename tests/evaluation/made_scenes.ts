import { join } from "node:path";
import sharp from "sharp";
import { wavFile } from "../support/wav.ts";

/** Numbers in 0..1 that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** RGB of soft colored spots on a gradient. */
export function madePicture(seed: number, width: number, height: number): Uint8Array {
  const random = seeded(seed);
  const spots = Array.from({ length: 5 }, () => ({
    x: random() * width,
    y: random() * height,
    reach: (0.05 + 0.15 * random()) * width,
    color: [random(), random(), random()],
  }));
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, channel] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    let value = 0.3 + 0.3 * x / width;
    for (const spot of spots) {
      const near = Math.exp(-(((x - spot.x) ** 2 + (y - spot.y) ** 2) / spot.reach ** 2));
      value += near * (spot.color[channel] - value);
    }
    return Math.round(255 * value);
  });
}

/** A few gliding tones, swelling and fading, -1..1 at 16 kHz. */
export function madeSound(seed: number, seconds: number): Float32Array {
  const random = seeded(seed);
  const tones = Array.from({ length: 4 }, () => ({
    pitch: 150 + 2000 * random(),
    glide: 600 * (random() - 0.5),
    beat: 1 + 5 * random(),
  }));
  return Float32Array.from({ length: Math.round(16000 * seconds) }, (_, i) => {
    const time = i / 16000;
    return tones.reduce(
      (sum, { pitch, glide, beat }) =>
        sum + 0.15 * Math.sin(2 * Math.PI * (pitch + glide * time) * time) *
          (0.6 + 0.4 * Math.sin(2 * Math.PI * beat * time)),
      0,
    );
  });
}

/** Writes an 8-bit PNG: RGB, or gray if there is one value per pixel. */
export async function writePng(file: string, data: Uint8Array, width: number, height: number) {
  const channels = data.length / (width * height) as 1 | 3;
  await sharp(data, { raw: { width, height, channels } }).png().toFile(file);
}

/** Writes a made sound as WAV. */
export async function writeWav(file: string, samples: Float32Array, rate = 16000) {
  await Deno.writeFile(file, wavFile(samples, rate));
}

/** A white rectangle on black, bounds as shares of the picture. */
export function boxMask(
  width: number,
  height: number,
  [left, top, right, bottom]: readonly number[],
): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [(i % width + 0.5) / width, (Math.floor(i / width) + 0.5) / height];
    return x > left && x < right && y > top && y < bottom ? 255 : 0;
  });
}

/** A folder that goes away with the test. */
export async function scratch(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await Deno.makeTempDir({ prefix: "whence-evaluation-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Writes `scenes.jsonl`. */
export async function writeScenes(folder: string, scenes: readonly object[]): Promise<void> {
  const lines = scenes.map((scene) => `${JSON.stringify(scene)}\n`).join("");
  await Deno.writeTextFile(join(folder, "scenes.jsonl"), lines);
}
