import { GraphBuilder, type Value } from "../../onnx/graph_builder.ts";
import { float32s } from "../../onnx/tensor.ts";
import type { Architecture, TimeConv } from "../checkpoint/architecture.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { BuiltGraph } from "./image_graph.ts";
import { type Arithmetic, type Flow, Layers } from "./layers.ts";
import { convWeight, linearWeight } from "./linear_weight.ts";
import { plainWeightNorm } from "./plain_linear.ts";
import { stepsAfter } from "./timing.ts";
import { hubertBlock, transformerBlock } from "./transformer_block.ts";

/** Epsilon of HuBERT's norms and the aligner's in the original. */
const EPSILON = 1e-4;
/** Epsilon of the norms between HuBERT's convolutions: PyTorch's default. */
const CONV_EPSILON = 1e-5;
/** Epsilon of the waveform's normalization (transformers' feature extractor). */
const WAVEFORM_EPSILON = 1e-7;

/** Sizes and arithmetic of an audio graph. */
export interface AudioGraphOptions {
  readonly arithmetic: Arithmetic;
  /** Uses operators that only ONNX Runtime has. */
  readonly forCpu?: boolean;
  /** Windows per call; any number when absent. */
  readonly batch?: number;
  /** Samples per window; any number when absent. */
  readonly samples?: number;
  /** Normalizes each window to mean 0 and standard deviation 1, as in training; the original's demo does not. */
  readonly normalize?: boolean;
  /** Takes and gives the columns of audio that the transformer reads; not with `normalize` or a fixed number of samples. */
  readonly columns?: boolean;
}

/**
 * The audio encoder with its aligner: `waveform` float32 `[n, samples]` → `features` float32
 * `[n, C, T]`, and `cls` float32 `[n, C]` if the model uses class tokens.
 *
 * What is convolved from one stretch of audio is a *column*: it depends on no other audio, so that the columns of an
 * earlier window can be used again. With `columns` there is an optional input `columns` float32 `[m, width]`, which come
 * before those of `waveform`, and an output `all_columns` float32 `[n, t, width]`.
 */
export function buildAudioGraph(
  weights: Checkpoint,
  architecture: Architecture,
  options: AudioGraphOptions,
): BuiltGraph {
  const { audio, channels } = architecture;
  const batch = options.batch ?? "n";
  const { samples } = options;
  const steps = samples === undefined
    ? "T"
    : stepsAfter(samples, [...audio.convs, ...architecture.pools]);
  const g = new GraphBuilder("audio", { description: "DenseAV audio encoder" });
  const waveform = g.input("waveform", "float32", [batch, samples ?? "samples"]);
  const layers = new Layers(g, weights, options.arithmetic, options.forCpu);
  const taps: Record<string, Value> = {};
  const tap = (name: string, x: Flow) => {
    taps[name] = x.value;
    return x;
  };

  const signal = options.normalize ? normalizeWaveform(g, waveform) : waveform;
  let x = convolve(layers, signal, architecture, tap);
  x = layers.norm("audio_model.model.feature_projection.layer_norm", x, EPSILON);
  const projection = "audio_model.model.feature_projection.projection";
  x = tap("proj_out", layers.linear(projection, x, linearWeight(weights, projection), true));
  const columns = options.columns ? joinColumns(g, x, audio.width) : undefined;
  if (columns) x = columns;
  x = layers.add(x, tap("pos_conv_out", positionConv(layers, x, architecture)));
  for (let i = 0; i < audio.depth; i++) {
    const name = `audio_model.model.encoder.layers.${i}`;
    x = tap(`layer${i}_out`, hubertBlock(layers, name, x, audio.heads, EPSILON));
  }
  x = tap("last_hidden", layers.norm("audio_model.model.encoder.layer_norm", x, EPSILON));

  const { features, token } = align(layers, x, architecture, tap);
  g.output("features", layers.swap(features).value, "float32", [batch, channels, steps]);
  if (architecture.classToken && token) {
    const cls = g.node("Reshape", [token.value, g.shape([-1, channels])]);
    g.output("cls", cls, "float32", [batch, channels]);
  }
  if (columns) g.output("all_columns", columns.value, "float32", [batch, "t", audio.width]);
  return { graph: g, taps };
}

/** Puts the columns that are given before the ones that were computed. */
function joinColumns(g: GraphBuilder, computed: Flow, width: number): Flow {
  const none = float32s(new Float32Array(0), [0, width]);
  const given = g.inputWithDefault("columns", none, ["m", width]);
  const count = g.node("Shape", [computed.value], { start: 0, end: 1 });
  const size = g.node("Shape", [given]);
  const former = g.node("Expand", [given, g.node("Concat", [count, size], { axis: 0 })]);
  const all = g.node("Concat", [former, computed.value], { axis: 1 });
  return { value: all, type: "float32" };
}

type Tap = (name: string, x: Flow) => Flow;

function normalizeWaveform(g: GraphBuilder, waveform: Value): Value {
  const centered = g.node("Sub", [
    waveform,
    g.node("ReduceMean", [waveform], { axes: [1], keepdims: 1 }),
  ]);
  const square = g.node("Mul", [centered, centered]);
  const variance = g.node("ReduceMean", [square], { axes: [1], keepdims: 1 });
  const epsilon = g.initializer("waveform_epsilon", float32s(WAVEFORM_EPSILON));
  return g.node("Div", [centered, g.node("Sqrt", [g.node("Add", [variance, epsilon])])]);
}

/** `[n, samples]` → `[n, steps, channels]`. */
function convolve(layers: Layers, signal: Value, { audio }: Architecture, tap: Tap): Flow {
  const { g } = layers;
  let x: Flow = { value: g.node("Unsqueeze", [signal, g.shape([2])]), type: "float32" };
  audio.convs.forEach((conv, i) => {
    const name = `audio_model.model.feature_extractor.conv_layers.${i}`;
    // Raw samples are small compared with the smallest steps of float16 and int8.
    const convolved = timeConv(layers, `${name}.conv`, x, conv, i === 0);
    const normed = layers.norm(`${name}.layer_norm`, convolved, CONV_EPSILON);
    x = tap(`conv${i}_out`, layers.gelu(layers.half(normed)));
  });
  return x;
}

/** One convolution of `[n, steps, channels]`, as a product over unfolded windows if that is faster. */
function timeConv(
  layers: Layers,
  name: string,
  x: Flow,
  { kernel, stride }: TimeConv,
  exact: boolean,
): Flow {
  const { weights } = layers;
  if (layers.unfolds && !exact) {
    return layers.linear(name, layers.unfold(x, kernel, stride), convWeight(weights, name));
  }
  return layers.swap(layers.conv(name, layers.swap(x), {
    dims: weights.shape(`${name}.weight`),
    read: () => weights.read(`${name}.weight`),
    bias: weights.read(`${name}.bias`),
    stride,
    exact,
  }));
}

/** Relative positions: a wide grouped convolution over time that keeps the length. */
function positionConv(layers: Layers, x: Flow, { audio }: Architecture): Flow {
  const { weights } = layers;
  const name = "audio_model.model.encoder.pos_conv_embed.conv";
  const { positionKernel: kernel, positionGroups: groups, width } = audio;
  const convolved = layers.conv(name, layers.swap(x), {
    dims: [width, width / groups, kernel],
    read: () => weights.readWeightNormed(name),
    plain: () => plainWeightNorm(layers.g, weights, name),
    bias: weights.read(`${name}.bias`),
    stride: 1,
    // With equal padding an even kernel yields one step too many; the original drops the last.
    pads: [Math.floor(kernel / 2), Math.floor((kernel - 1) / 2)],
    groups,
  });
  return layers.swap(layers.gelu(convolved));
}

function align(
  layers: Layers,
  hidden: Flow,
  { pools, alignerBlock, channels, audioToken }: Architecture,
  tap: Tap,
): { features: Flow; token?: Flow } {
  const { g, weights } = layers;
  const aligner = "audio_aligner.mod_list";
  let x = layers.swap(tap("align_norm", layers.norm(`${aligner}.1.norm`, hidden, EPSILON)));
  pools.forEach(({ stride }, i) => {
    const name = `${aligner}.${i + 2}.layer`;
    const [outs, ins, , kernel] = weights.shape(`${name}.weight`);
    x = layers.conv(name, x, {
      dims: [outs, ins, kernel],
      read: () => weights.read(`${name}.weight`),
      bias: weights.read(`${name}.bias`),
      stride,
      exact: true,
    });
    tap(`pool${i + 1}`, x);
  });
  // Six heads must divide the width: empty channels are prepended, and dropped afterwards.
  const padding = alignerBlock.width - channels;
  x = layers.swap(x);
  if (padding > 0) {
    const pads = g.shape([0, 0, padding, 0, 0, 0]);
    x = { value: g.node("Pad", [x.value, pads], { mode: "constant" }), type: x.type };
  }
  if (audioToken) x = layers.prependToken("audio_cls", x, alignedToken(weights, padding));
  x = transformerBlock(layers, `${aligner}.4.block`, x, alignerBlock.heads, EPSILON, {
    exact: true,
  });
  return {
    features: layers.channels(audioToken ? layers.steps(x, 1) : x, padding),
    token: audioToken ? layers.channels(layers.steps(x, 0, 1), padding) : undefined,
  };
}

/** The learned class token as it enters the aligner's block: the same for all audio, so it is computed here. */
function alignedToken(weights: Checkpoint, padding: number): Float32Array {
  const learned = weights.read("audio_cls");
  const gain = weights.read("audio_aligner.mod_list.1.norm.weight");
  const shift = weights.read("audio_aligner.mod_list.1.norm.bias");
  const mean = learned.reduce((sum, v) => sum + v, 0) / learned.length;
  const variance = learned.reduce((sum, v) => sum + (v - mean) ** 2, 0) / learned.length;
  const normed = learned.map((v, i) =>
    (v - mean) / Math.sqrt(variance + EPSILON) * gain[i] + shift[i]
  );
  const weight = weights.readLinear("audio_aligner.mod_list.2.cls_layer");
  const bias = weights.read("audio_aligner.mod_list.2.cls_layer.bias");
  const token = new Float32Array(padding + bias.length);
  for (let o = 0; o < bias.length; o++) {
    let sum = bias[o];
    for (let i = 0; i < normed.length; i++) sum += weight[o * normed.length + i] * normed[i];
    token[padding + o] = sum;
  }
  return token;
}
