import { join } from "node:path";
import { createHash } from "node:crypto";
import { GraphBuilder } from "../../src/onnx/graph_builder.ts";
import { loadManifest, type ModelFolder } from "../../src/model/manifest.ts";

/** What a test may bend in a model that keeps to the contract otherwise. */
export interface Bends {
  /** Bytes of image.onnx and audio.onnx. */
  readonly image?: Uint8Array;
  readonly audio?: Uint8Array;
  /** Bytes of image.int8.onnx; by default the model has none. */
  readonly int8?: Uint8Array;
  readonly classToken?: boolean;
  /** `[h, w]` in the manifest; the graph always gives `[1, 2]`. */
  readonly grid?: readonly [height: number, width: number];
  readonly minSamples?: number;
  /** In the manifest; the graph always gives 4,000 features a second, the first at 0. */
  readonly featureRate?: number;
  readonly firstFeature?: number;
}

/** Channels of every model here; a picture has 2 × 4 pixels, its grid 1 × 2 cells, sound 1 step per 4 samples. */
export const CHANNELS = 4;

/** Writes a model of a few nodes in a temporary folder, which the caller removes. */
export async function writeModelFolder(bends: Bends = {}): Promise<ModelFolder> {
  const path = await Deno.makeTempDir();
  const image = bends.image ?? imageGraph({ classToken: bends.classToken });
  const audio = bends.audio ?? audioGraph({ classToken: bends.classToken });
  await Deno.writeFile(join(path, "image.onnx"), image);
  await Deno.writeFile(join(path, "audio.onnx"), audio);
  if (bends.int8) await Deno.writeFile(join(path, "image.int8.onnx"), bends.int8);
  const [height, width] = bends.grid ?? [1, 2];
  await Deno.writeTextFile(
    join(path, "model.yaml"),
    JSON.stringify({
      format: "whence/model/1",
      name: "few-nodes",
      version: 1,
      license: "Apache-2.0",
      source: "made by a test",
      description: "a few nodes",
      image: {
        file: "image.onnx",
        sha256: sha256(image),
        width: 4,
        height: 2,
        grid: { width, height },
        ...(bends.int8 && {
          int8: { file: "image.int8.onnx", sha256: sha256(bends.int8), relative_l2: 0.03 },
        }),
      },
      audio: {
        file: "audio.onnx",
        sha256: sha256(audio),
        sample_rate: 16000,
        feature_rate: bends.featureRate ?? 4000,
        first_feature: bends.firstFeature ?? 0,
        receptive_field: 0.00025,
        min_samples: bends.minSamples ?? 4,
      },
      channels: CHANNELS,
      class_token: bends.classToken ?? false,
      heads: [{ kind: "sound" }, { kind: "speech" }],
    }),
  );
  return await loadManifest(path);
}

/** Means of 2 × 2 pixels, brightness 0..255, in every channel; the class token is the mean of the picture. */
export function imageGraph(
  { input = "frames", output = "features", rows = 2, classToken = false } = {},
): Uint8Array {
  const graph = new GraphBuilder("image");
  const frames = graph.input(input, "uint8", ["n", rows, 4, 3]);
  const numbers = graph.node("Cast", [frames], { to: 1 });
  const grey = graph.node("ReduceMean", [numbers], { axes: [3], keepdims: 0 });
  const cells = graph.node("Reshape", [grey, graph.shape([-1, 1, rows / 2, 2, 2, 2])]);
  const mean = graph.node("ReduceMean", [cells], { axes: [3, 5], keepdims: 0 });
  const features = graph.node("Concat", Array(CHANNELS).fill(mean), { axis: 1 });
  graph.output(output, features, "float32", ["n", CHANNELS, rows / 2, 2]);
  if (classToken) {
    const token = graph.node("ReduceMean", [features], { axes: [2, 3], keepdims: 0 });
    graph.output("cls", token, "float32", ["n", CHANNELS]);
  }
  return graph.build();
}

/**
 * Channel c of step t is sample 4 t + c; the class token is the mean over the steps; the presence of head k is the
 * sigmoid of channel k. With a number of `samples` it takes one window of that length only.
 */
export function audioGraph(
  {
    channels = CHANNELS,
    declared = CHANNELS as number | string,
    samples = "samples" as number | string,
    classToken = false,
    presenceHeads = 0,
  } = {},
): Uint8Array {
  const graph = new GraphBuilder("audio");
  const waveform = graph.input("waveform", "float32", [samples === "samples" ? "n" : 1, samples]);
  const steps = graph.node("Reshape", [waveform, graph.shape([0, -1, channels])]);
  const features = graph.node("Transpose", [steps], { perm: [0, 2, 1] });
  graph.output("features", features, "float32", ["n", declared, "steps"]);
  if (classToken) {
    const token = graph.node("ReduceMean", [features], { axes: [2], keepdims: 0 });
    graph.output("cls", token, "float32", ["n", CHANNELS]);
  }
  if (presenceHeads > 0) {
    const first = graph.node("Slice", [
      features,
      graph.shape([0]),
      graph.shape([presenceHeads]),
      graph.shape([1]),
    ]);
    const presence = graph.node("Sigmoid", [first]);
    graph.output("presence", presence, "float32", ["n", "K", "steps"]);
  }
  return graph.build();
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
