import { tensorrt } from "./tensorrt.ts";

/** Precision in which TensorRT may compute. */
export type TritonPrecision = "fp32" | "fp16";

/** Memory that TensorRT may use while it compiles, bytes. */
const WORKSPACE = 2 ** 30;

/**
 * The part of Triton's `config.pbtxt` that runs a model on TensorRT
 * (https://github.com/triton-inference-server/onnxruntime_backend).
 */
export function tritonAcceleration(precision: TritonPrecision): string {
  const parameters = {
    precision_mode: precision.toUpperCase(),
    max_workspace_size_bytes: String(WORKSPACE),
  };
  return [
    "optimization {",
    "  execution_accelerators {",
    "    gpu_execution_accelerator: [",
    "      {",
    `        name: "${tensorrt.name}"`,
    ...Object.entries(parameters).map(([key, value]) =>
      `        parameters { key: "${key}" value: "${value}" }`
    ),
    "      }",
    "    ]",
    "  }",
    "}",
  ].join("\n");
}
