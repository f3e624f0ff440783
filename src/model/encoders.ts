import { join } from "node:path";
import { checkFiles } from "./checksum.ts";
import { fits, shapeText } from "./runtime/feeds.ts";
import { type Manifest, ModelError, type ModelFolder } from "./manifest.ts";
import type { Runtime, Session, Tensor, TensorInfo, TensorType } from "./runtime/session.ts";

/** Dense features of pictures. */
export interface ImageFeatures {
  /** Row-major `[n, C, h, w]`. */
  readonly features: Float32Array;
  readonly dims: readonly [n: number, channels: number, height: number, width: number];
  /** `[n, C]`, of models with a class token. */
  readonly cls?: Float32Array;
}

/** Dense features of sound. */
export interface AudioFeatures {
  /** Row-major `[n, C, T]`. */
  readonly features: Float32Array;
  readonly dims: readonly [n: number, channels: number, steps: number];
  /** `[n, C]`, of models with a class token. */
  readonly cls?: Float32Array;
}

/** Both encoders of a model, loaded. */
export interface Encoders {
  readonly manifest: Manifest;
  /** The session of image.onnx, for what it runs on; run it through `encodeImages`. */
  readonly image: Session;
  /** The session of audio.onnx. */
  readonly audio: Session;
  /**
   * Encodes RGB pictures of the model's size, `count` × height × width × 3 bytes. The bytes must stay unchanged until
   * the promise settles; they may lie on a SharedArrayBuffer.
   *
   * @throws {ModelError} when the bytes are not as many, or the model gives another shape than its manifest says.
   */
  encodeImages(frames: Uint8Array, count: number): Promise<ImageFeatures>;
  /**
   * Encodes `count` windows of equal length, mono at the manifest's sample rate, -1..1. The samples must stay
   * unchanged until the promise settles; they may lie on a SharedArrayBuffer.
   *
   * @throws {ModelError} when a window is shorter than the model takes.
   */
  encodeAudio(waveform: Float32Array, count?: number): Promise<AudioFeatures>;
  /** Frees both sessions; waits for runs under way. */
  release(): Promise<void>;
}

/** What `loadModel` may be told beyond the model. */
export interface LoadOptions {
  /** Length of the windows that will be encoded, in samples: what TensorRT builds its engine for. */
  readonly windowSamples?: number;
}

/**
 * Loads a model's encoders after checking its files' hashes, and that inputs and outputs are those of the contract.
 * Both run once, so that what only a run shows is known at the start; TensorRT takes minutes for that, unless it finds
 * its engines in the cache.
 *
 * @throws {ModelError} one line that names the file and what does not fit.
 */
export async function loadModel(
  folder: ModelFolder,
  runtime: Runtime,
  options: LoadOptions = {},
): Promise<Encoders> {
  await checkFiles(folder);
  const { image, audio } = folder.manifest;
  await using stack = new AsyncDisposableStack();
  const load = async (file: string, contract: Contract) => {
    const path = join(folder.path, file);
    const session = await runtime.createSession(path);
    stack.defer(() => session.release());
    checkContract(path, session, contract);
    return session;
  };
  const encoders = new OnnxEncoders(
    folder,
    await load(image.file, imageContract(folder.manifest)),
    await load(audio.file, audioContract(folder.manifest)),
  );
  await encoders.encodeImages(new Uint8Array(image.width * image.height * 3), 1);
  await encoders.encodeAudio(new Float32Array(options.windowSamples ?? audio.min_samples));
  stack.move();
  return encoders;
}

class OnnxEncoders implements Encoders {
  readonly manifest: Manifest;
  readonly #path: string;

  constructor(folder: ModelFolder, readonly image: Session, readonly audio: Session) {
    this.manifest = folder.manifest;
    this.#path = folder.path;
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

  async encodeAudio(waveform: Float32Array, count = 1): Promise<AudioFeatures> {
    const { file, min_samples } = this.manifest.audio;
    const samples = waveform.length / count;
    if (samples < min_samples) {
      throw new ModelError(
        `Cannot run ${
          join(this.#path, file)
        }: a window must be at least ${min_samples} samples, got ${samples}`,
      );
    }
    const results = await this.audio.run({
      waveform: { type: "float32", dims: [count, samples], data: waveform },
    });
    const features = this.#output(file, results, "features", [count, this.manifest.channels, -1]);
    return {
      features: features.data,
      dims: features.dims as unknown as AudioFeatures["dims"],
      ...this.#classToken(file, results, count),
    };
  }

  async release(): Promise<void> {
    await Promise.all([this.image.release(), this.audio.release()]);
  }

  #classToken(file: string, results: Record<string, Tensor>, count: number) {
    if (!this.manifest.class_token) return {};
    return { cls: this.#output(file, results, "cls", [count, this.manifest.channels]).data };
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

interface Contract {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

function imageContract({ image, channels, class_token }: Manifest): Contract {
  return {
    inputs: [info("frames", "uint8", [-1, image.height, image.width, 3])],
    outputs: [
      info("features", "float32", [-1, channels, image.grid.height, image.grid.width]),
      ...(class_token ? [info("cls", "float32", [-1, channels])] : []),
    ],
  };
}

function audioContract({ channels, class_token }: Manifest): Contract {
  return {
    inputs: [info("waveform", "float32", [-1, -1])],
    outputs: [
      info("features", "float32", [-1, channels, -1]),
      ...(class_token ? [info("cls", "float32", [-1, channels])] : []),
    ],
  };
}

function info(name: string, type: TensorType, dims: readonly number[]): TensorInfo {
  return { name, type, dims };
}

/** Axes that the manifest fixes must be so where the graph declares them; the graph may fix the others (TensorRT). */
function checkContract(path: string, session: Session, contract: Contract): void {
  const fault = (what: string) => new ModelError(`Cannot use ${path}: ${what}`);
  const extra = session.inputs.find((i) =>
    !contract.inputs.some((wanted) => wanted.name === i.name)
  );
  if (extra) {
    throw fault(`its only input must be ${contract.inputs[0].name}, got ${extra.name} too`);
  }
  for (const side of ["inputs", "outputs"] as const) {
    for (const wanted of contract[side]) {
      const word = side.slice(0, -1);
      const got = session[side].find((tensor) => tensor.name === wanted.name);
      if (!got) {
        const names = session[side].map((tensor) => tensor.name).join(", ");
        throw fault(`it must have an ${word} ${wanted.name}, got ${names}`);
      }
      if (got.type !== wanted.type) {
        throw fault(`${word} ${wanted.name} must be ${wanted.type}, got ${got.type}`);
      }
      const same = got.dims.length === wanted.dims.length &&
        got.dims.every((n, axis) =>
          n === wanted.dims[axis] || n === -1 || wanted.dims[axis] === -1
        );
      if (!same) {
        throw fault(
          `${word} ${wanted.name} must be ${shapeText(wanted.dims)} as in model.yaml, ` +
            `got ${shapeText(got.dims)}`,
        );
      }
    }
  }
}
