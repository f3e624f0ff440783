import { GraphBuilder, type Value } from "../../onnx/graph_builder.ts";
import { elementCode } from "../../onnx/element_type.ts";
import { float32s } from "../../onnx/tensor.ts";
import type { Architecture, VisionEncoder } from "../checkpoint/architecture.ts";
import { transformerBlock } from "./transformer_block.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { type Arithmetic, type Flow, Layers } from "./layers.ts";
import { type LinearWeight, linearWeight } from "./linear_weight.ts";
import { resizePositions } from "./position_embedding.ts";

/** ImageNet's mean and standard deviation of R, G, B in 0..1, used in the encoders' training. */
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];
/** Epsilon of the norms: the original's ViT and aligners use this instead of DINO's 1e-6. */
const EPSILON = 1e-4;

/** Sizes and arithmetic of an image graph. */
export interface ImageGraphOptions {
  /** Pixels; multiples of the patch. */
  readonly width: number;
  readonly height: number;
  readonly arithmetic: Arithmetic;
  /** Uses operators that only ONNX Runtime has. */
  readonly forCpu?: boolean;
  /** Frames per call; any number when absent. */
  readonly batch?: number;
}

/** A built graph, and values inside it for tests. */
export interface BuiltGraph {
  readonly graph: GraphBuilder;
  readonly taps: Readonly<Record<string, Value>>;
}

/**
 * The image encoder with its aligner: `frames` uint8 `[n, H, W, 3]` → `features` float32
 * `[n, C, h, w]`, and `cls` float32 `[n, C]` if the model uses class tokens.
 */
export function buildImageGraph(
  weights: Checkpoint,
  architecture: Architecture,
  options: ImageGraphOptions,
): BuiltGraph {
  const { image, channels } = architecture;
  const [rows, columns] = [options.height / image.patch, options.width / image.patch];
  const batch = options.batch ?? "n";
  const g = new GraphBuilder("image", { description: "DenseAV image encoder" });
  const frames = g.input("frames", "uint8", [batch, options.height, options.width, 3]);
  const layers = new Layers(g, weights, options.arithmetic, options.forCpu);

  const patches = embedPatches(layers, frames, image, rows, columns);
  const tokens = addPositions(layers, patches, image, rows, columns);
  let x = tokens;
  const taps: Record<string, Value> = { patch_embed: patches.value, tokens_in: tokens.value };
  for (let i = 0; i < image.depth; i++) {
    x = transformerBlock(layers, `image_model.model.blocks.${i}`, x, image.heads, EPSILON);
    taps[`block${i}_out`] = x.value;
  }
  x = layers.norm("image_model.model.norm", x, EPSILON);
  taps.final_norm = x.value;

  const normed = layers.norm("image_aligner.norm.norm", layers.steps(x, 1), EPSILON);
  const aligned = layers.linear(
    "image_aligner.layer",
    normed,
    linearWeight(weights, "image_aligner.layer"),
    true,
  );
  const map = g.node("Reshape", [
    layers.swap(aligned).value,
    g.shape([0, channels, rows, columns]),
  ]);
  g.output("features", map, "float32", [batch, channels, rows, columns]);

  if (architecture.classToken) {
    // The original projects the class token without the aligner's norm.
    const cls = layers.linear(
      "image_aligner.cls_layer",
      layers.steps(x, 0, 1),
      linearWeight(weights, "image_aligner.cls_layer"),
      true,
    );
    g.output(
      "cls",
      g.node("Reshape", [cls.value, g.shape([-1, channels])]),
      "float32",
      [batch, channels],
    );
  }
  return { graph: g, taps };
}

function embedPatches(
  layers: Layers,
  frames: Value,
  image: VisionEncoder,
  rows: number,
  columns: number,
): Flow {
  const { g, weights } = layers;
  const { patch } = image;
  const pixels = g.node("Cast", [frames], { to: elementCode("float32") });
  const scale = g.initializer("pixel_scale", float32s(DEVIATION.map((d) => 1 / (255 * d))));
  const shift = g.initializer("pixel_shift", float32s(MEAN.map((m, i) => -m / DEVIATION[i])));
  const normed = g.node("Add", [g.node("Mul", [pixels, scale]), shift]);
  const grid = g.node("Reshape", [normed, g.shape([-1, rows, patch, columns, patch, 3])]);
  const grouped = g.node("Transpose", [grid], { perm: [0, 1, 3, 2, 4, 5] });
  const flat = g.node("Reshape", [grouped, g.shape([-1, rows * columns, patch * patch * 3])]);
  const name = "image_model.model.patch_embed.proj";
  return layers.linear(
    name,
    { value: flat, type: "float32" },
    patchWeight(weights, name, patch),
    true,
  );
}

/** The patch convolution as a matrix whose inputs run over row, column, color. */
function patchWeight(weights: Checkpoint, name: string, patch: number): LinearWeight {
  const weight = linearWeight(weights, name);
  const area = patch * patch;
  return {
    ...weight,
    read: () => {
      const byColor = weight.read();
      const result = new Float32Array(byColor.length);
      const { outs } = weight;
      for (let color = 0; color < 3; color++) {
        for (let pixel = 0; pixel < area; pixel++) {
          const from = (color * area + pixel) * outs;
          result.set(byColor.subarray(from, from + outs), (pixel * 3 + color) * outs);
        }
      }
      return result;
    },
  };
}

function addPositions(
  layers: Layers,
  patches: Flow,
  image: VisionEncoder,
  rows: number,
  columns: number,
): Flow {
  const { g, weights } = layers;
  const { width, grid } = image;
  const trained = weights.read("image_model.model.pos_embed");
  const positions = new Float32Array((rows * columns + 1) * width);
  positions.set(weights.read("image_model.model.cls_token"));
  for (let c = 0; c < width; c++) positions[c] += trained[c];
  positions.set(resizePositions(trained.subarray(width), grid, width, rows, columns), width);
  // A row of zeros before the patches: the class token comes with its position.
  const padded = g.node("Pad", [patches.value, g.shape([0, 1, 0, 0, 0, 0])], { mode: "constant" });
  const constant = g.initializer(
    "positions",
    float32s(positions, [1, rows * columns + 1, width]),
  );
  return { value: g.node("Add", [padded, constant]), type: "float32" };
}
