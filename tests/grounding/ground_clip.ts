import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Step } from "../../src/grounding/grounded_step.ts";
import { RollingGrounding, type RollingOptions } from "../../src/grounding/rolling.ts";
import { Similarity } from "../../src/grounding/similarity.ts";
import { SKIP_NOTHING, type SkipRules } from "../../src/grounding/skip_rules.ts";
import { type Encoders, loadModel } from "../../src/model/encoders.ts";
import { findModel } from "../../src/model/find_model.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import { AudioRing } from "../../src/ring/audio_ring.ts";
import { FrameRing } from "../../src/ring/frame_ring.ts";

export const RATE = 16000;

/** The shipped model on one thread of the CPU; it encodes each picture once, most of the time would go to pictures. */
export async function engine() {
  const runtime = await openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1 }), ".");
  const encoders = await loadModel(await findModel("denseav-mini", "."), runtime);
  const { channels, heads, image } = encoders.manifest;
  const similarity = await Similarity.load(runtime, {
    channels,
    heads: heads.length,
    gridWidth: image.grid.width,
    gridHeight: image.grid.height,
    classToken: false,
    steps: 1,
  });
  return {
    encoders: withRememberedImages(encoders),
    similarity,
    async [Symbol.asyncDispose]() {
      await similarity.release();
      await encoders.release();
      await runtime.close();
    },
  };
}
/** What {@linkcode engine} loads. */
export type Engine = Awaited<ReturnType<typeof engine>>;

/** How a clip is fed and grounded. */
export interface Feed {
  readonly seconds?: number;
  readonly startNs?: number;
  readonly fps?: number;
  /** Samples per buffer. */
  readonly chunk?: number;
  readonly frameStartNs?: number;
  readonly rules?: SkipRules;
  /** The same picture in every frame. */
  readonly still?: boolean;
  /** Begins to encode frames before their hop, as a live source does. */
  readonly ahead?: boolean;
  /** Goes on after a hop that failed. */
  readonly ignoreErrors?: boolean;
  readonly sound?: (seconds: number) => Float32Array;
}

/** Chirps with pauses between, the same at every call. */
export function clip(seconds: number): Float32Array {
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    const t = i / RATE;
    const loud = Math.max(0, Math.sin(t * 2.1)) * 0.3;
    return loud * Math.sin(2 * Math.PI * (300 + 200 * Math.sin(t * 5)) * t) +
      0.001 * Math.sin(i * i);
  });
}

/** Feeds a clip and 10 frames a second as a source would, and grounds all of it. */
export async function ground(
  { encoders, similarity }: Pick<Engine, "encoders" | "similarity">,
  options: RollingOptions,
  feed: Feed = {},
) {
  const { seconds = 6, startNs = 0, fps = 10, chunk = 480, frameStartNs = 0 } = feed;
  const { rules = SKIP_NOTHING, sound = clip, still = false, ignoreErrors = false } = feed;
  const { width, height } = encoders.manifest.image;
  const audio = new AudioRing(RATE, options.duration + 4);
  const frames = new FrameRing(256, width * height * 3);
  const rolling = new RollingGrounding(encoders, similarity, audio, frames, options);
  rolling.rules = rules;
  const samples = sound(seconds);
  const steps: Step[] = [];
  const told: Step[] = [];
  /** Running time of the newest audio when each step was told. */
  const toldAtNs: number[] = [];
  const tell = (step: Step) => {
    told.push(step);
    toldAtNs.push(audio.endNs);
  };
  const picture = new Uint8Array(width * height * 3);
  let frame = 0;
  let begun = 0;
  for (let at = 0; at < samples.length; at += chunk) {
    audio.write(samples.subarray(at, at + chunk), startNs + at * 1e9 / RATE);
    while (frameStartNs + frame * 1e9 / fps <= audio.endNs) {
      for (let i = 0; i < picture.length; i++) picture[i] = (i * (still ? 3 : frame + 3)) % 251;
      frames.write(picture, frameStartNs + frame++ * 1e9 / fps);
    }
    if (feed.ahead && rolling.ahead(frames.newestNs)) begun++;
    const hop = await rolling.hop(audio.end, frames.newestNs, tell).catch((error) => {
      if (!ignoreErrors) throw error;
    });
    if (hop) steps.push(...hop.steps);
  }
  for await (const hop of rolling.flush(tell)) steps.push(...hop.steps);
  assert.deepEqual(told, steps);
  return { steps, toldAtNs, stats: rolling.stats(), begun };
}

/** Grounds a clip without skipping anything. */
export async function groundAll(...[engine, options, feed]: Parameters<typeof ground>) {
  const { steps, stats } = await ground(engine, options, { ...feed, rules: SKIP_NOTHING });
  return { steps: steps.filter((step) => step.skipped === undefined), stats };
}

const known = new Map<string, ReturnType<Encoders["encodeImages"]>>();

function withRememberedImages(encoders: Encoders): Encoders {
  const encodeImages = (frames: Uint8Array, count: number) => {
    const key = `${count} ${createHash("sha256").update(frames).digest("base64")}`;
    const features = known.get(key) ?? encoders.encodeImages(frames, count);
    known.set(key, features);
    return features;
  };
  return { ...delegate(encoders), encodeImages };
}

/** A model whose features depend on the whole window, as far as its manifest tells. */
export function withWholeWindow<E extends Pick<Engine, "encoders">>(engine: E): E {
  const { encoders } = engine;
  const { manifest } = encoders;
  return {
    ...engine,
    encoders: {
      ...delegate(encoders),
      manifest: { ...manifest, audio: { ...manifest.audio, whole_window: true } },
    },
  };
}

function delegate(encoders: Encoders): Encoders {
  return {
    ...encoders,
    takesAnyLength: encoders.takesAnyLength,
    encodeImages: (...args) => encoders.encodeImages(...args),
    encodeAudio: (...args) => encoders.encodeAudio(...args),
    release: () => encoders.release(),
  };
}
