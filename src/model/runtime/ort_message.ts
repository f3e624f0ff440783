const DEVICE_FAILURE = /\b(?:CUDA|CUDNN|CUBLAS|TensorRT)[\w ]* failure \d+: [^;]+/;
const LEFT_TO_CPU = /fallback to CPU EP has been explicitly disabled/;

/**
 * One line of what ONNX Runtime says: no error code, source file or C++ signature, nothing after the first line, and of
 * a device's failure only that.
 */
export function boilDown(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (LEFT_TO_CPU.test(message)) {
    return "some of its nodes run on the CPU only (add cpu to runtime.providers to allow that)";
  }
  return (message.match(DEVICE_FAILURE)?.[0] ?? message)
    .split("\n")[0]
    .replace(/\S+\.(?:cc|h|cpp|hpp|cu):\d+ .*?\) (?:const )?(?=\[ONNX|[A-Z])/g, "")
    .replace(/\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : /g, "")
    .replace(/\b[\w/]+\.(?:cc|h|cpp|hpp|cu):\d+ \w+ /g, "")
    .replace(/^Load model (?:from )?.*? failed[:.] ?/, "")
    .trim();
}
