import { join } from "node:path";
import type { Manifest } from "../model/manifest.ts";
import type { HeadKind } from "../core/head_kind.ts";
import type { Runtime } from "../model/runtime/session.ts";
import { windowSamples } from "../model/window_samples.ts";
import { writeModel, type WrittenFile } from "../onnx/write_model.ts";
import { type Architecture, readArchitecture } from "./checkpoint/architecture.ts";
import { buildAudioGraph } from "./graph/audio_graph.ts";
import { Checkpoint } from "./checkpoint/checkpoint.ts";
import { checkDiskSpace } from "./disk_space.ts";
import { checkWeights } from "./checkpoint/expected_weights.ts";
import { givenKinds, type HeadKinds, presumedKinds } from "./head_kinds.ts";
import { readHyperParameters } from "./checkpoint/hyper_parameters.ts";
import { buildImageGraph, type BuiltGraph } from "./graph/image_graph.ts";
import { ImportError } from "./import_error.ts";
import { checkTarget, type ImportTarget, pathExists } from "./import_target.ts";
import type { Arithmetic, Precision } from "./graph/layers.ts";
import { writeManifest } from "../model/manifest_file.ts";
import { audioTimes, manifestOf } from "./manifest_of.ts";
import { checkEncoder } from "./self_check.ts";
import { audioTiming, SAMPLE_RATE } from "./graph/timing.ts";
import { findWeights, folderName } from "./checkpoint/weights_folder.ts";

/** How a model is imported. */
export interface ImportOptions extends ImportTarget {
  readonly precision: Precision;
  /** Pixels. */
  readonly image: { readonly width: number; readonly height: number };
  /** Length of the audio window of a `fixed` model and of the self-check, s. */
  readonly window: number;
  /** Fixes batch and length of both inputs, as providers that compile models prefer. */
  readonly fixed?: boolean;
  readonly heads?: readonly HeadKind[];
  /** Called for the kinds of `count` heads if `heads` is absent; undefined keeps `presumed`. */
  readonly chooseHeads?: (
    count: number,
    presumed: HeadKinds | undefined,
  ) => Promise<readonly HeadKind[] | undefined>;
  /** Whether the graph normalizes each window to mean 0 and standard deviation 1. */
  readonly normalizeAudio?: boolean;
  readonly allowUnexpected?: boolean;
  /** Weights of an encoder go to a separate file if they have more bytes than this (default 1.5e9). */
  readonly externalDataAbove?: number;
  /** Where the weights come from. Default: the folder's own name. */
  readonly source?: string;
  readonly license?: string;
  readonly signal?: AbortSignal;
  /** Called with the current step and its progress, 0..1. */
  readonly onProgress?: (step: string, fraction: number) => void;
}

/** The result of an import. */
export interface ImportReport {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly architecture: Architecture;
  readonly files: readonly WrittenFile[];
  /** Relative L2 distance of each output from plain float32 arithmetic. */
  readonly check: Readonly<Record<string, number>>;
  /** Tensors of the file that were not used. */
  readonly ignored: readonly string[];
  readonly headsVerified: boolean;
}

const MAX_SIDE = 4096;
const BYTES_PER_WEIGHT = { fp32: 4, fp16: 2, int8: 1.2 } as const;

/**
 * Turns a folder of the published layout (`config.json`, `model.safetensors`) into a model folder.
 *
 * The folder appears complete or not at all.
 *
 * @throws {ImportError} one line; a list of tensors may follow on further lines.
 */
export async function importModel(
  folder: string,
  runtime: Runtime,
  options: ImportOptions,
): Promise<ImportReport> {
  const target = checkTarget(folder, options);
  const path = findWeights(folder);
  const config = readHyperParameters(folder);
  using weights = new Checkpoint(path);
  const architecture = readArchitecture(weights, config);
  const ignored = checkWeights(weights, architecture, options.allowUnexpected ?? false);
  checkSizes(options, architecture);
  const heads = await decideHeads(folder, architecture.heads, options);

  // The self-check needs another copy of the weights, in float32.
  const bytes = weights.parameters * (BYTES_PER_WEIGHT[options.precision] + 4);
  await checkDiskSpace(options.out, bytes, `import ${folder}`);
  Deno.mkdirSync(options.out, { recursive: true });
  const staging = Deno.makeTempDirSync({ dir: options.out, prefix: `.${options.name}-` });
  try {
    const made = await writeEncoders(staging, weights, architecture, runtime, options);
    const manifest = manifestOf({
      ...options,
      folder,
      architecture,
      columns: givesColumns(options),
      heads,
      files: made,
      check: made.check,
      parameters: weights.parameters,
    });
    await writeManifest(staging, manifest);
    Deno.chmodSync(staging, 0o755);
    putInPlace(staging, target);
    return {
      folder: target,
      manifest,
      architecture,
      files: [...made.image, ...made.audio],
      check: made.check,
      ignored,
      headsVerified: heads.verified,
    };
  } catch (error) {
    Deno.removeSync(staging, { recursive: true });
    throw error;
  }
}

function putInPlace(staging: string, target: string): void {
  const old = pathExists(target) ? `${staging}-old` : undefined;
  if (old) Deno.renameSync(target, old);
  Deno.renameSync(staging, target);
  if (old) Deno.removeSync(old, { recursive: true });
}

async function decideHeads(
  folder: string,
  count: number,
  options: ImportOptions,
): Promise<HeadKinds> {
  if (options.heads) return givenKinds(count, options.heads);
  const origin = `${options.source ?? ""} ${folderName(folder)} ${options.name}`;
  const presumed = presumedKinds(count, origin);
  const chosen = await options.chooseHeads?.(count, presumed);
  if (chosen) return givenKinds(count, chosen);
  if (presumed) return presumed;
  throw new ImportError(
    `Cannot import: --heads must name each of the ${count} heads (sound or speech), got none`,
  );
}

interface Encoders {
  readonly image: readonly WrittenFile[];
  readonly audio: readonly WrittenFile[];
  readonly check: Readonly<Record<string, number>>;
}

async function writeEncoders(
  staging: string,
  weights: Checkpoint,
  architecture: Architecture,
  runtime: Runtime,
  options: ImportOptions,
): Promise<Encoders> {
  const samples = windowSamples(audioTimes(architecture), options.window);
  const batch = options.fixed ? 1 : undefined;
  const image = (arithmetic: Arithmetic): BuiltGraph =>
    buildImageGraph(weights, architecture, {
      ...options.image,
      arithmetic,
      forCpu: arithmetic !== "plain" && isForCpu(options),
      batch,
    });
  const audio = (arithmetic: Arithmetic): BuiltGraph =>
    buildAudioGraph(weights, architecture, {
      arithmetic,
      batch,
      samples: options.fixed ? samples : undefined,
      normalize: options.normalizeAudio,
      forCpu: arithmetic !== "plain" && isForCpu(options),
      columns: arithmetic !== "plain" && givesColumns(options),
    });
  const write = (file: string, built: BuiltGraph, step: string) =>
    writeModel(join(staging, file), built.graph.graph(), {
      signal: options.signal,
      externalDataAbove: options.externalDataAbove,
      onProgress: (written, total) => options.onProgress?.(step, written / total),
    });
  const files = {
    image: await write("image.onnx", image(options.precision), "writing image.onnx"),
    audio: await write("audio.onnx", audio(options.precision), "writing audio.onnx"),
  };

  options.signal?.throwIfAborted();
  options.onProgress?.("checking image.onnx", 0);
  const imageCheck = await checkEncoder(runtime, {
    model: join(staging, "image.onnx"),
    input: "frames",
    size: [options.image.height, options.image.width],
    plain: () => image("plain"),
  }, staging);
  options.signal?.throwIfAborted();
  options.onProgress?.("checking audio.onnx", 0.5);
  const audioCheck = await checkEncoder(runtime, {
    model: join(staging, "audio.onnx"),
    input: "waveform",
    size: [samples],
    plain: () => audio("plain"),
  }, staging);
  options.onProgress?.("checked", 1);
  const named = (encoder: string, check: Record<string, number>) =>
    Object.entries(check).map(([output, value]) => [`${encoder} ${output}`, value]);
  return {
    ...files,
    check: Object.fromEntries([...named("image", imageCheck), ...named("audio", audioCheck)]),
  };
}

/** Whether a model is for CPUs: fp16 is for GPUs, and TensorRT prefers fixed shapes. */
function isForCpu({ precision, fixed }: ImportOptions): boolean {
  return precision !== "fp16" && !fixed;
}

/** Whether the columns of audio can be kept from window to window. */
function givesColumns(options: ImportOptions): boolean {
  return isForCpu(options) && !options.normalizeAudio;
}

function checkSizes(options: ImportOptions, architecture: Architecture): void {
  const { width, height } = options.image;
  const { patch } = architecture.image;
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < patch || side > MAX_SIDE || side % patch !== 0) {
      throw new ImportError(
        `Cannot import: --image-size must be multiples of ${patch} up to ${MAX_SIDE}, got ${width}x${height}`,
      );
    }
  }
  const { minSamples } = audioTiming(architecture);
  if (!(options.window * SAMPLE_RATE >= minSamples)) {
    throw new ImportError(
      `Cannot import: --window must be at least ${
        minSamples / SAMPLE_RATE
      }s, got ${options.window}s`,
    );
  }
}
