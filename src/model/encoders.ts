import { join } from "node:path";
import { checkHashes } from "./checksum.ts";
import {
  ALL_COLUMNS,
  audioContract,
  checkContract,
  COLUMNS,
  type Contract,
  imageContract,
} from "./contract.ts";
import { fixedAxes } from "./fixed_axes.ts";
import { type EncodedWindow, featureTimesFault } from "./feature_times.ts";
import { withImageVariant } from "./image_variant.ts";
import { type Manifest, ModelError, type ModelFolder } from "./manifest.ts";
import { fits, shapeText } from "./runtime/feeds.ts";
import type { Runtime, ServedModel, Session, Tensor } from "./runtime/session.ts";
import { servedAudio, servedImage } from "./served_models.ts";
import { windowSamples } from "./window_samples.ts";

/** Dense features of images. */
export interface ImageFeatures {
  /** Row-major `[n, C, h, w]`. */
  readonly features: Float32Array;
  readonly dims: readonly [n: number, channels: number, height: number, width: number];
  /** `[n, C]`, of models with a class token. */
  readonly cls?: Float32Array;
}

/** Dense features of audio. */
export interface AudioFeatures {
  /** Row-major `[n, C, T]`. */
  readonly features: Float32Array;
  readonly dims: readonly [n: number, channels: number, steps: number];
  /** `[n, C]`, of models with a class token. */
  readonly cls?: Float32Array;
  /**
   * Row-major `[n, K, T]`, of models that have this output: the probability that something of head k's kind is heard at all,
   * in view or not.
   */
  readonly presence?: Float32Array;
  /** Row-major `[n, t, channels]`, of models with `audio.columns`: those of the window. */
  readonly columns?: Float32Array;
}

/** What `encodeAudio` may be given beside the samples. */
export interface AudioContext {
  /** Row-major `[m, channels]`: columns before those of the samples. */
  readonly columns: Float32Array;
}

/** Both encoders of a model, loaded. */
export interface Encoders {
  /** Its `image` is the variant that was loaded. */
  readonly manifest: Manifest;
  /** The session of image.onnx, to see what it runs on; run it through `encodeImages`. */
  readonly image: Session;
  /** The session of audio.onnx. */
  readonly audio: Session;
  /** Whether `encodeAudio` returns `presence`. */
  readonly givesPresence: boolean;
  /** Whether windows of any length can be encoded, none of them compiled first. */
  readonly takesAnyLength: boolean;
  /** Whether `encodeAudio` takes the columns of an earlier window. */
  readonly takesColumns: boolean;
  /**
   * Encodes RGB images of the model's size, `count` × height × width × 3 bytes. The bytes must stay unchanged until
   * the promise settles; they may be a view of a SharedArrayBuffer.
   *
   * @throws {ModelError} when the number of bytes is wrong, or the model returns another shape than its manifest states.
   */
  encodeImages(frames: Uint8Array, count: number): Promise<ImageFeatures>;
  /**
   * Encodes `count` windows of equal length, mono at the manifest's sample rate, -1..1. The samples must stay
   * unchanged until the promise settles; they may be a view of a SharedArrayBuffer.
   *
   * @throws {ModelError} when a window is shorter than the model takes, or the model returns another shape than its
   * manifest states.
   * @param context of models with `takesColumns`, and of one window: the samples may be as few as one column needs.
   */
  encodeAudio(
    waveform: Float32Array,
    count?: number,
    context?: AudioContext,
  ): Promise<AudioFeatures>;
  /** Frees both sessions, after the runs under way. */
  release(): Promise<void>;
}

/** What `loadModel` needs to know beyond the model. */
export interface LoadOptions {
  /**
   * Length of the windows that will be encoded, in samples. Providers that compile a model do so for this length, and for one
   * picture or window at a time; others are refused then.
   */
  readonly windowSamples?: number;
}

/** Length of the window that both encoders are tried with unless one is given, s. */
const TRIAL_SECONDS = 2;

/**
 * Loads a model's encoders after comparing its files with their hashes, and checks that their inputs, outputs and
 * feature times are those of the manifest. Both run at least once, so that faults that only a run shows come up at
 * start. A provider that compiles the model takes minutes, unless it finds the result in its cache.
 *
 * @throws {ModelError} one line that names the file and what does not fit.
 */
export async function loadModel(
  model: ModelFolder,
  runtime: Runtime,
  options: LoadOptions = {},
): Promise<Encoders> {
  const folder = withImageVariant(model, runtime);
  await checkHashes(folder);
  const { image, audio } = folder.manifest;
  const { windowSamples: fixedSamples } = options;
  const isFixed = runtime.compiles !== undefined && fixedSamples !== undefined;
  await using stack = new AsyncDisposableStack();
  const load = async (
    file: string,
    contract: Contract,
    served: ServedModel,
    dims: readonly number[],
  ) => {
    const path = join(folder.path, file);
    const axes = isFixed ? fixedAxes(path, dims) : {};
    const session = await runtime.createSession(path, served, axes);
    stack.defer(() => session.release());
    checkContract(path, session, contract);
    return session;
  };
  const encoders = new OnnxEncoders(
    folder,
    await load(image.file, imageContract(folder.manifest), servedImage(folder.manifest), [
      1,
      image.height,
      image.width,
      3,
    ]),
    await load(audio.file, audioContract(folder.manifest), servedAudio(folder.manifest), [
      1,
      fixedSamples ?? 0,
    ]),
    runtime.compiles !== undefined,
  );
  await encoders.encodeImages(new Uint8Array(image.width * image.height * 3), 1);
  const fixed = encoders.audio.inputs[0].dims[1] !== -1;
  const samples = fixedSamples ??
    (fixed ? audio.min_samples : windowSamples(audio, TRIAL_SECONDS));
  const lengths = encoders.takesAnyLength ? [windowSamples(audio, 0), samples] : [samples];
  await checkFeatureTimes(folder, encoders, lengths);
  stack.move();
  return encoders;
}

async function checkFeatureTimes(
  { path, manifest }: ModelFolder,
  encoders: Encoders,
  lengths: readonly number[],
): Promise<void> {
  const windows: EncodedWindow[] = [];
  for (const samples of lengths) {
    const { dims } = await encoders.encodeAudio(new Float32Array(samples));
    windows.push({ samples, features: dims[2] });
  }
  const fault = featureTimesFault(manifest.audio, windows);
  if (fault) throw new ModelError(`Cannot use ${join(path, "model.yaml")}: ${fault}`);
}

class OnnxEncoders implements Encoders {
  readonly manifest: Manifest;
  readonly givesPresence: boolean;
  readonly takesAnyLength: boolean;
  readonly takesColumns: boolean;
  readonly #path: string;

  constructor(
    folder: ModelFolder,
    readonly image: Session,
    readonly audio: Session,
    compiled: boolean,
  ) {
    this.manifest = folder.manifest;
    this.#path = folder.path;
    // A compiling provider would compile the model once more for another length.
    this.takesAnyLength = audio.inputs[0].dims[1] === -1 && !compiled;
    this.takesColumns = this.takesAnyLength && this.manifest.audio.columns !== undefined &&
      (audio.optional ?? []).some(({ name }) => name === COLUMNS);
    this.givesPresence = audio.outputs.some(({ name }) => name === "presence");
  }

  async encodeImages(frames: Uint8Array, count: number): Promise<ImageFeatures> {
    const { width, height, file, grid } = this.manifest.image;
    const results = await this.image.run({
      frames: { type: "uint8", dims: [count, height, width, 3], data: frames },
    });
    const wanted = [count, this.manifest.channels, grid.height, grid.width];
    const features = this.#output(file, results, "features", wanted);
    return {
      features: features.data,
      dims: features.dims as unknown as ImageFeatures["dims"],
      ...this.#classToken(file, results, count),
    };
  }

  async encodeAudio(
    waveform: Float32Array,
    count = 1,
    context?: AudioContext,
  ): Promise<AudioFeatures> {
    const { file, min_samples, columns } = this.manifest.audio;
    const samples = waveform.length / count;
    const least = context && columns ? columns.receptive_field : min_samples;
    if (samples < least) {
      throw new ModelError(
        `Cannot run ${
          join(this.#path, file)
        }: a window must be at least ${least} samples, got ${samples}`,
      );
    }
    const results = await this.audio.run({
      waveform: { type: "float32", dims: [count, samples], data: waveform },
      ...(context && columns && { [COLUMNS]: columnTensor(context.columns, columns.channels) }),
    });
    const features = this.#output(file, results, "features", [count, this.manifest.channels, -1]);
    return {
      features: features.data,
      dims: features.dims as unknown as AudioFeatures["dims"],
      ...this.#classToken(file, results, count),
      ...this.#presence(results, count, features.dims[2]),
      ...(columns && {
        columns: this.#output(file, results, ALL_COLUMNS, [count, -1, columns.channels]).data,
      }),
    };
  }

  async release(): Promise<void> {
    await Promise.all([this.image.release(), this.audio.release()]);
  }

  #classToken(file: string, results: Record<string, Tensor>, count: number) {
    if (!this.manifest.class_token) return {};
    return { cls: this.#output(file, results, "cls", [count, this.manifest.channels]).data };
  }

  #presence(results: Record<string, Tensor>, count: number, steps: number) {
    if (!this.givesPresence) return {};
    const { audio, heads } = this.manifest;
    const wanted = [count, heads.length, steps];
    return { presence: this.#output(audio.file, results, "presence", wanted).data };
  }

  #output(
    file: string,
    results: Record<string, Tensor>,
    name: string,
    wanted: readonly number[],
  ) {
    const { dims, data } = results[name];
    if (!fits(dims, wanted)) {
      throw new ModelError(
        `Cannot use ${join(this.#path, file)}: output ${name} must be ${
          shapeText(wanted)
        } as in model.yaml, ` +
          `got ${shapeText(dims)}`,
      );
    }
    return { dims, data: data as Float32Array };
  }
}

function columnTensor(data: Float32Array, channels: number): Tensor {
  return { type: "float32", dims: [data.length / channels, channels], data };
}
