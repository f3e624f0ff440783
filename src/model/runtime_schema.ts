import { z } from "zod";

/** ONNX Runtime execution providers, in the order they are preferred. */
export const providerSchema = z.enum(["tensorrt", "cuda", "cpu"]);
/** One execution provider's name. */
export type Provider = z.infer<typeof providerSchema>;

/** Which ONNX Runtime library runs the model, and on what. */
export const runtimeSchema = z.strictObject({
  library: z.string().min(1).default("auto").describe(
    "auto: the library shipped with onnxruntime-node; node: its JavaScript API; or a path to libonnxruntime.so",
  ),
  providers: z.array(providerSchema).min(1).default(["tensorrt", "cuda", "cpu"])
    .describe("Execution providers in order of preference"),
  threads: z.int().min(1).max(64).default(2).describe("Threads inside one operator (CPU)"),
  device: z.int().min(0).default(0).describe("GPU index"),
  fp16: z.boolean().default(true).describe("TensorRT: allow half precision"),
  cache: z.string().min(1).optional().describe("Folder for TensorRT engines"),
});
/** A checked `runtime` block. */
export type RuntimeConfig = z.infer<typeof runtimeSchema>;
