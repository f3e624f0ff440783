import assert from "node:assert/strict";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import { type Architecture, readArchitecture } from "../../src/importer/checkpoint/architecture.ts";
import { buildAudioGraph } from "../../src/importer/graph/audio_graph.ts";
import { Checkpoint } from "../../src/importer/checkpoint/checkpoint.ts";
import { checkWeights } from "../../src/importer/checkpoint/expected_weights.ts";
import { readHyperParameters } from "../../src/importer/checkpoint/hyper_parameters.ts";
import { buildImageGraph, type BuiltGraph } from "../../src/importer/graph/image_graph.ts";
import type { Arithmetic } from "../../src/importer/graph/layers.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import type { Runtime, Tensor } from "../../src/model/runtime/session.ts";
import { Golden, goldenAudio, goldenFrames, relativeL2 } from "./golden.ts";

/** Below the subtlest mistake (1.5e-5), above the references' own rounding. */
const PARITY = 1e-5;
const MODELS = [
  ["public_2head", "public_2head"],
  ["public_2head_newkeys", "public_2head"],
  ["public_language", "public_language"],
  ["public_sound", "public_sound"],
] as const;
const AUDIO = { audio2s: "audio_2s", audio5p3s: "audio_5p3s" } as const;
const IMAGES = {
  image224: { frames: "frames_224", count: 2, height: 224, width: 224 },
  image160x288: { frames: "frame_160x288", count: 1, height: 160, width: 288 },
} as const;

type Outputs = Record<string, Tensor>;

/** A reference checkpoint, opened, with the original's results. */
class Reference implements Disposable {
  readonly golden: Golden;
  readonly weights: Checkpoint;
  readonly architecture: Architecture;

  /** @param forCpu whether graphs use ONNX Runtime's own operators. */
  constructor(
    readonly runtime: Runtime,
    name: string,
    reference: string,
    readonly forCpu = false,
  ) {
    this.golden = new Golden(name, reference);
    this.weights = new Checkpoint(`${this.golden.folder}/model.safetensors`);
    this.architecture = readArchitecture(this.weights, readHyperParameters(this.golden.folder));
    checkWeights(this.weights, this.architecture, false);
  }

  /** The architecture with class tokens given out even where the similarity does not use them. */
  get #withTokens(): Architecture {
    return { ...this.architecture, classToken: true };
  }

  image(name: keyof typeof IMAGES, arithmetic: Arithmetic, taps: string[] = []): Promise<Outputs> {
    const { frames, count, height, width } = IMAGES[name];
    const built = buildImageGraph(this.weights, this.#withTokens, {
      height,
      width,
      arithmetic,
      forCpu: this.forCpu,
    });
    return this.#run(built, taps, {
      frames: { type: "uint8", dims: [count, height, width, 3], data: goldenFrames(frames) },
    });
  }

  audio(
    waveforms: readonly Float32Array[],
    arithmetic: Arithmetic,
    options: { taps?: string[]; normalize?: boolean } = {},
  ): Promise<Outputs> {
    const { normalize, taps = [] } = options;
    const built = buildAudioGraph(this.weights, this.#withTokens, {
      arithmetic,
      normalize,
      forCpu: this.forCpu,
    });
    const samples = waveforms[0].length;
    const data = new Float32Array(waveforms.length * samples);
    waveforms.forEach((waveform, i) => data.set(waveform, i * samples));
    return this.#run(built, taps, {
      waveform: { type: "float32", dims: [waveforms.length, samples], data },
    });
  }

  /** Relative L2 distance from the original's tensor. */
  distance(got: Tensor, name: string): number {
    return relativeL2(got.data as Float32Array, this.golden.tensor(name).data);
  }

  async #run(built: BuiltGraph, taps: string[], feeds: Outputs): Promise<Outputs> {
    for (const tap of taps) built.graph.output(tap, built.taps[tap], "float32", ["a", "b", "c"]);
    const session = await this.runtime.createSession(built.graph.build());
    try {
      return await session.run(feeds);
    } finally {
      await session.release();
    }
  }

  [Symbol.dispose](): void {
    this.golden[Symbol.dispose]();
    this.weights[Symbol.dispose]();
  }
}

async function withRuntime(body: (runtime: Runtime) => Promise<void>): Promise<void> {
  const runtime = await openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1 }), ".");
  try {
    await body(runtime);
  } finally {
    await runtime.close();
  }
}

function bounded(distances: Record<string, number>, bound: number): void {
  for (const [name, distance] of Object.entries(distances)) {
    assert.ok(distance <= bound, `${name}: ${distance} > ${bound}`);
  }
}

async function allDistances(
  reference: Reference,
  arithmetic: Arithmetic,
): Promise<Record<string, number>> {
  const distances: Record<string, number> = {};
  for (const name of ["image224", "image160x288"] as const) {
    const { features, cls } = await reference.image(name, arithmetic);
    distances[`${name} features`] = reference.distance(features, `${name}/image_feats`);
    distances[`${name} cls`] = reference.distance(cls, `${name}/image_cls`);
  }
  for (const name of ["audio2s", "audio5p3s"] as const) {
    const { features, cls } = await reference.audio([goldenAudio(AUDIO[name])], arithmetic);
    distances[`${name} features`] = reference.distance(features, `${name}/audio_feats`);
    distances[`${name} cls`] = reference.distance(cls, `${name}/audio_cls`);
  }
  return distances;
}

for (const [name, reference] of MODELS) {
  Deno.test(`${name}: features and class tokens equal the original's`, async () => {
    await withRuntime(async (runtime) => {
      using model = new Reference(runtime, name, reference);
      bounded(await allDistances(model, "fp32"), PARITY);
      // The self-check's yardstick must be as good as what it measures.
      bounded(await allDistances(model, "plain"), PARITY);
      using forCpu = new Reference(runtime, name, reference, true);
      bounded(await allDistances(forCpu, "fp32"), PARITY);
    });
  });
}

Deno.test("float16 stays within 0.2 %, int8 within 5 % of the original", async () => {
  await withRuntime(async (runtime) => {
    for (const name of ["public_2head", "public_language", "public_sound"]) {
      using model = new Reference(runtime, name, name);
      bounded(await allDistances(model, "fp16"), 2e-3);
      bounded(await allDistances(model, "int8"), 5e-2);
      using forCpu = new Reference(runtime, name, name, true);
      bounded(await allDistances(forCpu, "int8"), 5e-2);
    }
  });
});

Deno.test("intermediate tensors equal the original's", async (t) => {
  await withRuntime(async (runtime) => {
    using model = new Reference(runtime, "public_2head", "public_2head");
    await t.step("image", async () => {
      const taps = ["tokens_in", "block0_out", "final_norm"];
      const out = await model.image("image160x288", "fp32", taps);
      for (const tap of taps) {
        bounded({ [tap]: model.distance(out[tap], `image160x288/${tap}`) }, PARITY);
      }
    });
    await t.step("audio", async () => {
      const taps = ["proj_out", "pos_conv_out", "layer0_out", "last_hidden", "pool1", "pool2"];
      const out = await model.audio([goldenAudio("audio_2s")], "fp32", { taps });
      for (const tap of taps) {
        bounded({ [tap]: model.distance(out[tap], `audio2s/${tap}`) }, PARITY);
      }
    });
  });
});

for (const name of ["public_2head", "public_language", "public_sound"]) {
  Deno.test(`${name}: similarity volumes and matrices equal the original's`, async () => {
    await withRuntime(async (runtime) => {
      using model = new Reference(runtime, name, name);
      const images = await model.image("image224", "fp32");
      const clip = await model.audio([goldenAudio("audio_2s")], "fp32");
      const { heads, classToken } = model.architecture;
      const pair = similarity(clip, 0, images, 0, heads, classToken);
      bounded({ pair: relativeL2(pair.volume, model.golden.tensor("sims/pair_raw").data) }, PARITY);

      // Training normalizes each waveform after padding it.
      const long = goldenAudio("audio_5p3s");
      const short = new Float32Array(long.length);
      short.set(goldenAudio("audio_2s"));
      const batch = await model.audio([short, long].map(normalized), "fp32");
      bounded({
        features: model.distance(batch.features, "audio_batch/audio_feats"),
        cls: model.distance(batch.cls, "audio_batch/audio_cls"),
      }, PARITY);
      // The graph's own float32 mean is less exact, and silence shows it: 0 becomes -mean/deviation.
      const inside = await model.audio([short, long], "fp32", { normalize: true });
      bounded({ inside: model.distance(inside.features, "audio_batch/audio_feats") }, 1e-4);
      const mask = model.golden.tensor("audio_batch/audio_mask").data;
      const steps = batch.features.dims[2];
      const perHead: number[] = [];
      const overHeads: number[] = [];
      for (let a = 0; a < 2; a++) {
        for (let v = 0; v < 2; v++) {
          const sims = similarity(batch, a, images, v, heads, classToken);
          if (a === 0 && v === 1) {
            const wanted = model.golden.tensor("sims/matrix_raw_a0_v1").data;
            bounded({ raw: relativeL2(sims.volume, wanted) }, PARITY);
          }
          const active = mask.subarray(a * steps, (a + 1) * steps);
          for (const activation of sims.activations) perHead.push(meanOver(activation, active));
          const best = sims.activations[0].map((_, t) =>
            Math.max(...sims.activations.map((row) => row[t]))
          );
          overHeads.push(meanOver(best, active));
        }
      }
      bounded({
        perHead: relativeL2(perHead, model.golden.tensor("sims/matrix_agg_heads0").data),
        overHeads: relativeL2(overHeads, model.golden.tensor("sims/matrix_agg_heads1").data),
      }, PARITY);
    });
  });
}

function normalized(waveform: Float32Array): Float32Array {
  const mean = waveform.reduce((sum, v) => sum + v, 0) / waveform.length;
  const variance = waveform.reduce((sum, v) => sum + (v - mean) ** 2, 0) / waveform.length;
  return waveform.map((v) => (v - mean) / Math.sqrt(variance + 1e-7));
}

interface Similarity {
  /** `[heads, h, w, steps]` */
  readonly volume: Float64Array;
  /** Highest over space, `[heads][steps]`. */
  readonly activations: number[][];
}

function similarity(
  audio: Outputs,
  a: number,
  images: Outputs,
  v: number,
  heads: number,
  classToken: boolean,
): Similarity {
  const [, channels, steps] = audio.features.dims;
  const places = images.features.dims[2] * images.features.dims[3];
  const code = channels / heads;
  const [sound, picture] = [audio.features.data, images.features.data] as Float32Array[];
  const [soundToken, pictureToken] = [audio.cls.data, images.cls.data] as Float32Array[];
  const volume = new Float64Array(heads * places * steps);
  const activations = Array.from({ length: heads }, () => Array<number>(steps).fill(-Infinity));
  for (let k = 0; k < heads; k++) {
    let token = 0;
    for (let c = k * code; classToken && c < (k + 1) * code; c++) {
      token += soundToken[a * channels + c] * pictureToken[v * channels + c];
    }
    for (let p = 0; p < places; p++) {
      for (let t = 0; t < steps; t++) {
        let sum = token;
        for (let c = k * code; c < (k + 1) * code; c++) {
          sum += sound[(a * channels + c) * steps + t] * picture[(v * channels + c) * places + p];
        }
        volume[(k * places + p) * steps + t] = sum;
        activations[k][t] = Math.max(activations[k][t], sum);
      }
    }
  }
  return { volume, activations };
}

function meanOver(values: readonly number[], mask: Float32Array): number {
  let sum = 0;
  let count = 0;
  values.forEach((value, t) => {
    sum += value * mask[t];
    count += mask[t];
  });
  return sum / Math.max(count, 1e-3);
}
