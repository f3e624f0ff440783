import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { SafetensorsFile } from "../../src/importer/checkpoint/safetensors.ts";

/** Folder of the reference checkpoints, in the layout of the published repositories. */
export const GOLDEN = fileURLToPath(new URL("./golden", import.meta.url));

/** A reference model and what the original computed with it. */
export class Golden implements Disposable {
  readonly folder: string;
  readonly #reference: SafetensorsFile;

  constructor(name: string, reference = name) {
    this.folder = `${GOLDEN}/${name}`;
    this.#reference = SafetensorsFile.open(`${GOLDEN}/${reference}/reference.safetensors`);
  }

  /** One reference tensor. */
  tensor(name: string): { shape: readonly number[]; data: Float32Array } {
    const entry = this.#reference.tensors.get(name);
    assert.ok(entry, `the reference has no ${name}`);
    return { shape: entry.shape, data: this.#reference.read(name) };
  }

  [Symbol.dispose](): void {
    this.#reference[Symbol.dispose]();
  }
}

/** `|got − wanted| / |wanted|`. */
export function relativeL2(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  assert.equal(got.length, wanted.length);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < wanted.length; i++) {
    difference += (got[i] - wanted[i]) ** 2;
    size += wanted[i] ** 2;
  }
  return Math.sqrt(difference / size);
}

/** A waveform of the references, −1..1. */
export function goldenAudio(name: "audio_2s" | "audio_5p3s"): Float32Array {
  const bytes = Deno.readFileSync(`${GOLDEN}/inputs/${name}.s16`);
  return Float32Array.from(new Int16Array(bytes.buffer), (v) => v / 32768);
}

/** Frames of the references, `[n, height, width, 3]`. */
export function goldenFrames(name: "frames_224" | "frame_160x288"): Uint8Array {
  return Deno.readFileSync(`${GOLDEN}/inputs/${name}.rgb`);
}
