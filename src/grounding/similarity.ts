import { GraphBuilder } from "../onnx/graph_builder.ts";
import type { Runtime, Session } from "../model/runtime/session.ts";

/** Sizes of a similarity volume. */
export interface SimilarityShape {
  /** C, a multiple of `heads`. */
  readonly channels: number;
  /** K */
  readonly heads: number;
  readonly gridHeight: number;
  readonly gridWidth: number;
  readonly classToken: boolean;
  /** Audio time steps per call; absent for any number. A fixed number saves compiling providers a rebuild. */
  readonly steps?: number;
}

/** The inputs of a similarity volume. Those of a frame must not change once they were given: a GPU keeps its copy. */
export interface SimilarityInputs {
  /** `[S, C]`, one row per time step. */
  readonly audio: Float32Array;
  /** `[C, h, w]` of one frame. */
  readonly image: Float32Array;
  /** `[h, w]`, added before the maximum over space: 0 inside the image, very low outside it (additive mask). */
  readonly margin: Float32Array;
  /** `[C]` each; present if and only if the model has class tokens. */
  readonly audioClass?: Float32Array;
  readonly imageClass?: Float32Array;
}

/** One frame's similarity volume with some audio time steps. */
export interface SimilarityVolume {
  /** `[K, S, h, w]`: `s[k, t, y, x] = Σ_c audio[k, c, t] · image[k, c, y, x]` */
  readonly volume: Float32Array;
  /** `[K, S]`: maximum of `volume` over the image. */
  readonly activation: Float32Array;
}

/** The ONNX graph of {@linkcode SimilarityVolume}: DenseAV (arXiv 2406.05629, § 3), class tokens added per head. */
export function similarityGraph(shape: SimilarityShape): Uint8Array {
  const { channels, heads, gridHeight, gridWidth, classToken } = shape;
  const code = channels / heads;
  const cells = gridHeight * gridWidth;
  const steps = shape.steps ?? "steps";
  const graph = new GraphBuilder("similarity");
  const audio = graph.input("audio", "float32", [steps, channels]);
  const image = graph.input("image", "float32", [channels, gridHeight, gridWidth]);
  const margin = graph.input("margin", "float32", [gridHeight, gridWidth]);
  const perHead = graph.node("Transpose", [
    graph.node("Reshape", [audio, graph.shape([-1, heads, code])]),
  ], { perm: [1, 0, 2] });
  const cellsOf = graph.node("Reshape", [image, graph.shape([heads, code, cells])]);
  let dots = graph.node("MatMul", [perHead, cellsOf]);
  if (classToken) {
    const a = graph.input("audio_cls", "float32", [channels]);
    const v = graph.input("image_cls", "float32", [channels]);
    const product = graph.node("Reshape", [
      graph.node("Mul", [a, v]),
      graph.shape([heads, 1, code]),
    ]);
    const global = graph.node("ReduceSum", [product, graph.shape([2])], { keepdims: 1 });
    dots = graph.node("Add", [dots, global]);
  }
  const volume = graph.node("Reshape", [dots, graph.shape([heads, -1, gridHeight, gridWidth])]);
  const inPicture = graph.node("Add", [
    dots,
    graph.node("Reshape", [margin, graph.shape([1, 1, cells])]),
  ]);
  const activation = graph.node("ReduceMax", [inPicture], { axes: [2], keepdims: 0 });
  graph.output("volume", volume, "float32", [heads, steps, gridHeight, gridWidth]);
  graph.output("activation", activation, "float32", [heads, steps]);
  return graph.build();
}

/** Computes similarity volumes on the runtime that the encoders use. */
export class Similarity {
  readonly shape: SimilarityShape;
  readonly #session: Session;

  private constructor(shape: SimilarityShape, session: Session) {
    this.shape = shape;
    this.#session = session;
  }

  /** Builds the graph and loads it. */
  static async load(runtime: Runtime, shape: SimilarityShape): Promise<Similarity> {
    return new Similarity(shape, await runtime.createSession(similarityGraph(shape)));
  }

  /** The execution provider that it runs on. */
  get provider(): string {
    return this.#session.provider;
  }

  /** The session, to see what it runs on; run it through `compute`. */
  get session(): Session {
    return this.#session;
  }

  /** Sets the time limit of later computations, ms. */
  limitRuns(limitMs: number): void {
    this.#session.limitRuns(limitMs);
  }

  /** Computes once, so that a provider that compiles the graph does so before the first real step. */
  async warmUp(): Promise<void> {
    const { channels, gridHeight, gridWidth, classToken, steps = 1 } = this.shape;
    const cells = gridHeight * gridWidth;
    const token = classToken ? new Float32Array(channels) : undefined;
    await this.compute({
      audio: new Float32Array(steps * channels),
      image: new Float32Array(channels * cells),
      margin: new Float32Array(cells),
      audioClass: token,
      imageClass: token,
    });
  }

  /** @throws {ModelError} when an input's size does not fit the shape. */
  async compute(inputs: SimilarityInputs): Promise<SimilarityVolume> {
    const { channels, gridHeight, gridWidth, classToken } = this.shape;
    const vector = (data: Float32Array | undefined, constant = false) => ({
      type: "float32" as const,
      dims: [channels],
      data: data ?? new Float32Array(0),
      constant,
    });
    const outputs = await this.#session.run({
      audio: {
        type: "float32",
        dims: [inputs.audio.length / channels, channels],
        data: inputs.audio,
      },
      image: {
        type: "float32",
        dims: [channels, gridHeight, gridWidth],
        data: inputs.image,
        constant: true,
      },
      margin: {
        type: "float32",
        dims: [gridHeight, gridWidth],
        data: inputs.margin,
        constant: true,
      },
      ...(classToken
        ? { audio_cls: vector(inputs.audioClass), image_cls: vector(inputs.imageClass, true) }
        : {}),
    });
    return {
      volume: outputs.volume.data as Float32Array,
      activation: outputs.activation.data as Float32Array,
    };
  }

  /** Frees the session. */
  release(): Promise<void> {
    return this.#session.release();
  }
}
