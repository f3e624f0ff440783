import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import type { LogisticMap } from "../core/logistic.ts";
import { fitEvidence } from "../calibration/evidence.ts";
import { writeManifest } from "../model/manifest_file.ts";
import type { Calibration, Manifest, ModelFolder } from "../model/manifest.ts";
import { appendToOutput } from "../onnx/append_to_output.ts";
import { float32s } from "../onnx/tensor.ts";
import type { Adapter, HeadResult } from "./adapter.ts";

/** Fewer steps than this are too few to calibrate a head. */
const LEAST_STEPS = 40;
/** A head below this does not separate what belongs together from what does not. */
const LEAST_AUC = 0.6;

/** What a learned model is called, and what it was learned from. */
export interface AdaptedModelOptions {
  /** Folder to write; it exists. */
  readonly folder: string;
  readonly name: string;
  readonly version: number;
  /** Number of recordings that were learned from, and that were held out. */
  readonly learned: number;
  readonly heldOut: number;
}

/**
 * Writes a model folder: the base model's graphs with the adapter behind their outputs, and calibrations fitted on the held-out
 * recordings. It has no labels, even if the base model has some.
 */
export async function writeAdaptedModel(
  base: ModelFolder,
  adapter: Adapter,
  { folder, name, version, learned, heldOut }: AdaptedModelOptions,
): Promise<Manifest> {
  const { manifest, path } = base;
  const { channels, heads } = manifest;
  const former = `features_of_${manifest.name}`;
  const size = channels / heads.length;
  const image = (from: string, to: string) =>
    extended(join(path, from), join(folder, to), {
      former,
      weight: `picture_map_of_${manifest.name}`,
      values: adapter.picture,
      dims: [channels, channels, 1, 1],
      group: 1,
    });
  const { int8 } = manifest.image;
  const audio = await extended(join(path, manifest.audio.file), join(folder, "audio.onnx"), {
    former,
    weight: `sound_map_of_${manifest.name}`,
    values: adapter.sound,
    dims: [channels, size, 1],
    group: heads.length,
  });
  for (const { file } of manifest.external_data) {
    await Deno.copyFile(join(path, file), join(folder, file));
  }
  const bounds = raisedBounds(manifest, adapter.picture);
  const origin = `${manifest.name}@${manifest.version}`;
  // Labels belong to the audio codes of one model and version, and the audio map changes them.
  const { labels: _, ...kept } = manifest;
  const written: Manifest = {
    ...kept,
    name,
    version,
    source: `learned from ${learned} recordings, from ${origin}; ${manifest.source}`,
    description: `${origin} with a linear map behind each encoder, learned from recordings`,
    image: {
      ...manifest.image,
      file: "image.onnx",
      sha256: await image(manifest.image.file, "image.onnx"),
      ...(int8 && {
        int8: {
          ...int8,
          file: "image.int8.onnx",
          sha256: await image(int8.file, "image.int8.onnx"),
        },
      }),
    },
    audio: { ...manifest.audio, file: "audio.onnx", sha256: audio },
    heads: heads.map((head, k) => ({
      ...head,
      bound: bounds[k],
      calibration: calibrationOf(
        adapter.heads.find((result) => result.head === k),
        head.calibration,
        heldOut,
      ),
    })),
  };
  await writeManifest(folder, written);
  return written;
}

interface TailOptions {
  readonly former: string;
  readonly weight: string;
  readonly values: readonly number[];
  readonly dims: readonly number[];
  readonly group: number;
}

/** Writes a graph with a convolution of size 1 behind its features; returns the file's SHA-256. */
async function extended(from: string, to: string, options: TailOptions): Promise<string> {
  const { former, weight, values, dims, group } = options;
  const bytes = appendToOutput(await Deno.readFile(from), {
    output: "features",
    former,
    nodes: [{
      op: "Conv",
      domain: "",
      name: weight,
      inputs: [former, weight],
      outputs: ["features"],
      attributes: { kernel_shape: dims.slice(2), group },
    }],
    initializers: [{ name: weight, tensor: float32s(Float32Array.from(values), [...dims]) }],
  });
  await Deno.writeFile(to, bytes);
  return createHash("sha256").update(bytes).digest("hex");
}

/** The bounds on the length of image features, which the map can lengthen by its norm at most. */
function raisedBounds({ heads, channels }: Manifest, map: readonly number[]) {
  if (heads.some(({ bound }) => bound === undefined)) return heads.map(() => undefined);
  const whole = Math.hypot(...heads.map(({ bound }) => bound!));
  const size = channels / heads.length;
  return heads.map((_, k) => {
    const rows = map.slice(k * size * channels, (k + 1) * size * channels);
    return Math.ceil(10 * whole * largestStretch(rows, size, channels)) / 10;
  });
}

/** A matrix's spectral norm by the power method, with a margin for what that falls short. */
function largestStretch(rows: readonly number[], height: number, width: number): number {
  let vector = Float64Array.from({ length: width }, (_, i) => 1 + (i % 7) / 7);
  let stretch = 0;
  for (let round = 0; round < 60; round++) {
    const up = Float64Array.from({ length: height }, (_, y) => {
      let sum = 0;
      for (let x = 0; x < width; x++) sum += rows[y * width + x] * vector[x];
      return sum;
    });
    const back = Float64Array.from({ length: width }, (_, x) => {
      let sum = 0;
      for (let y = 0; y < height; y++) sum += rows[y * width + x] * up[y];
      return sum;
    });
    const length = Math.hypot(...back);
    stretch = Math.sqrt(length / Math.max(Math.hypot(...vector), 1e-12));
    vector = back.map((value) => value / Math.max(length, 1e-12));
  }
  return 1.05 * stretch;
}

function calibrationOf(
  result: HeadResult | undefined,
  old: Calibration | undefined,
  heldOut: number,
): Calibration | undefined {
  if (result === undefined || result.matched.length < LEAST_STEPS) return old;
  const fit = fitEvidence({ ...result, clips: result.after.n });
  if (fit.auc < LEAST_AUC || fit.slope <= 0) return old;
  const fitted_on = `${heldOut} held-out recordings, AUC ${fit.auc.toFixed(2)}`;
  return { ...rounded(fit), fitted_on, ...(old && { previous: withoutPrevious(old) }) };
}

function rounded({ slope, offset }: LogisticMap): LogisticMap {
  return { slope: Number(slope.toPrecision(6)), offset: Number(offset.toPrecision(6)) };
}

function withoutPrevious({ previous: _, ...calibration }: Calibration) {
  return calibration;
}

/** Whether a model's `source` says that it was learned from `base` itself, not from a model that was learned from it. */
export function isLearnedFrom(
  source: string,
  { name, version }: Pick<Manifest, "name" | "version">,
): boolean {
  const origin = /^learned from \d+ recordings, from ([^;]+);/.exec(source)?.[1];
  return origin === `${name}@${version}`;
}

/** The name of the model in a folder. */
export function modelNameOf(folder: string): string {
  return basename(folder).replace(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "") || "learned";
}
