import assert from "node:assert/strict";
import { loadModel } from "../../../../src/model/encoders.ts";
import type { ModelFolder } from "../../../../src/model/manifest.ts";
import { writeModelFolder } from "../../model_folder.ts";
import { openCpu } from "../../open_cpu.ts";

/** The picture and the sound that tests send: 2 × 4 pixels, 8 samples. */
export const FRAME = Uint8Array.from({ length: 2 * 4 * 3 }, (_, i) => i * 7);
/** 8 samples. */
export const WAVE = Float32Array.from({ length: 8 }, (_, i) => Math.sin(i));

/** Runs `use` with a tiny model in a folder of its own. */
export async function withModel(use: (folder: ModelFolder) => Promise<void>): Promise<void> {
  const folder = await writeModelFolder();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder.path, { recursive: true });
  }
}

/** Runs `use` with the encoders that `runtime.library` computes. */
export async function withEncoders(
  folder: ModelFolder,
  library: string,
  use: (encoders: Awaited<ReturnType<typeof loadModel>>) => Promise<void>,
): Promise<void> {
  const runtime = await openCpu(library);
  try {
    const encoders = await loadModel(folder, runtime);
    try {
      await use(encoders);
    } finally {
      await encoders.release();
    }
  } finally {
    await runtime.close();
  }
}

/** Equal up to rounding. */
export function near(got: Float32Array, wanted: Float32Array): void {
  assert.equal(got.length, wanted.length);
  const scale = Math.max(...wanted.map(Math.abs));
  const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
  assert.ok(scale > 0 && worst <= 1e-4 * scale, `${worst} of ${scale}`);
}

/** Features of one picture and 2 s of sound in shared memory by denseav-mini. */
export async function miniFeatures(folder: ModelFolder, library: string) {
  const { width, height } = folder.manifest.image;
  const frames = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i) % 251);
  const waveform = new Float32Array(new SharedArrayBuffer(32000 * 4));
  waveform.set(Float32Array.from({ length: 32000 }, (_, i) => Math.sin(i / 7) / 3));
  const results: { image: Float32Array; audio: Float32Array; presence?: Float32Array }[] = [];
  await withEncoders(folder, library, async (encoders) => {
    const image = await encoders.encodeImages(frames, 1);
    const { features, presence } = await encoders.encodeAudio(waveform);
    results.push({ image: image.features, audio: features, presence });
  });
  return results[0];
}
