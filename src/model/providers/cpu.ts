import type { FallbackProvider } from "../provider.ts";

/** ONNX Runtime's own kernels: part of every library and of every session. */
export const cpu: FallbackProvider = {
  role: "fallback",
  name: "cpu",
  ortName: "CPUExecutionProvider",
  help: "any processor",
};
