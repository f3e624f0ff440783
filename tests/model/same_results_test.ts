import assert from "node:assert/strict";
import { loadModel } from "../../src/model/encoders.ts";
import { findModel } from "../../src/model/find_model.ts";
import { openCpu } from "./open_cpu.ts";

/** Reproducible values in 0..1 (xorshift32). */
function* noise(seed: number): Generator<number> {
  for (let state = seed;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield (state >>> 0) / 2 ** 32;
  }
}

Deno.test("the C API and the JavaScript API give the same bits on the CPU", async () => {
  const folder = await findModel("denseav-mini", Deno.cwd());
  const { image, audio } = folder.manifest;
  const values = noise(2463534242);
  const next = () => values.next().value as number;
  const frames = Uint8Array.from(
    { length: 2 * image.height * image.width * 3 },
    () => next() * 256,
  );
  const samples = Math.max(2 * audio.sample_rate, audio.min_samples);
  const waveform = Float32Array.from({ length: samples }, () => next() - 0.5);
  const results = [];
  for (const library of ["auto", "node"]) {
    const runtime = await openCpu(library);
    const encoders = await loadModel(folder, runtime);
    results.push([await encoders.encodeImages(frames, 2), await encoders.encodeAudio(waveform)]);
    await encoders.release();
    await runtime.close();
  }
  const [ffi, node] = results;
  assert.ok(ffi[0].features.some((value) => value !== 0));
  assert.ok(ffi[1].features.some((value) => value !== 0));
  assert.deepEqual(ffi, node);
});
