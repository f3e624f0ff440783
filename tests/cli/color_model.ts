import { createHash } from "node:crypto";
import { join } from "node:path";
import { GraphBuilder, type Value } from "../../src/onnx/graph_builder.ts";
import { float32s } from "../../src/onnx/tensor.ts";

/** Tones that belong to red, green and blue, in Hz. */
export const TONES = [300, 1000, 3000] as const;
/** Amplitude whose tone has similarity 1 with its full color. */
export const AMPLITUDE = 0.3;

const SIDE = 8;
const STRIDE = 320;

/**
 * Writes a model in which red belongs to a low tone, green to a middle one and blue to a high one:
 * real encoders, small enough to know what they must answer.
 */
export async function writeColorModel(folder: string, name = "colors"): Promise<string> {
  const path = join(folder, name);
  await Deno.mkdir(path, { recursive: true });
  const [image, audio] = [imageModel(), audioModel()];
  await Deno.writeFile(join(path, "image.onnx"), image);
  await Deno.writeFile(join(path, "audio.onnx"), audio);
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  await Deno.writeTextFile(
    join(path, "model.yaml"),
    `# Colors and tones.
format: whence/model/1
name: ${name}
version: 1
license: MIT
source: made for tests
description: colors and tones
image: { file: image.onnx, sha256: "${
      sha256(image)
    }", width: ${SIDE}, height: ${SIDE}, grid: { width: 2, height: 2 } }
audio:
  file: audio.onnx
  sha256: "${sha256(audio)}"
  sample_rate: 16000
  feature_rate: 50
  first_feature: 0.01
  receptive_field: 0.02
  min_samples: ${STRIDE}
channels: 6
heads:
  - kind: sound # the first
  - kind: speech
`,
  );
  return path;
}

function imageModel(): Uint8Array {
  const g = new GraphBuilder("image");
  const frames = g.input("frames", "uint8", ["n", SIDE, SIDE, 3]);
  const real = g.node("Mul", [
    g.node("Cast", [frames], { to: 1 }),
    g.initializer("scale", float32s(1 / 255)),
  ]);
  const planes = g.node("Transpose", [real], { perm: [0, 3, 1, 2] });
  const cells = g.node("AveragePool", [planes], { kernel_shape: [4, 4], strides: [4, 4] });
  g.output("features", bothHeads(g, cells), "float32", ["n", 6, 2, 2]);
  return g.build();
}

function audioModel(): Uint8Array {
  const g = new GraphBuilder("audio");
  const waveform = g.input("waveform", "float32", ["n", "samples"]);
  const waves: number[] = [];
  for (const tone of TONES) {
    for (const phase of [0, Math.PI / 2]) {
      for (let i = 0; i < STRIDE; i++) {
        waves.push(Math.sin(2 * Math.PI * tone * i / 16000 + phase) * 2 / STRIDE / AMPLITUDE);
      }
    }
  }
  const filters = g.initializer("filters", float32s(waves, [6, 1, STRIDE]));
  const parts = g.node("Conv", [g.node("Unsqueeze", [waveform, g.shape([1])]), filters], {
    kernel_shape: [STRIDE],
    strides: [STRIDE],
  });
  const sums = g.initializer(
    "sums",
    float32s([1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1], [3, 6, 1]),
  );
  const power = g.node("Conv", [g.node("Mul", [parts, parts]), sums], { kernel_shape: [1] });
  g.output("features", bothHeads(g, power), "float32", ["n", 6, "T"]);
  return g.build();
}

function bothHeads(g: GraphBuilder, value: Value): Value {
  return g.node("Concat", [value, value], { axis: 1 });
}
