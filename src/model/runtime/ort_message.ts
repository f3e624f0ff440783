/** A device's error as providers word it, such as `CUDA failure 100: no CUDA-capable device is detected`. */
const DEVICE_FAILURE = /\b[A-Z]\w*(?: \w+)* failure \d+: [^;]+/;
const LEFT_TO_CPU = /fallback to CPU EP has been explicitly disabled/;

/**
 * Reduces ONNX Runtime's message to one line: no error code, source file or C++ signature, nothing after the first
 * line, and of a device's failure only that.
 */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (LEFT_TO_CPU.test(message)) return "some of its nodes run on the CPU only";
  return (message.match(DEVICE_FAILURE)?.[0] ?? message)
    .split("\n")[0]
    .replace(/\S+\.(?:cc|h|cpp|hpp|cu):\d+ .*?\) (?:const )?(?=\[ONNX|[A-Z])/g, "")
    .replace(/\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : /g, "")
    .replace(/\b[\w/]+\.(?:cc|h|cpp|hpp|cu):\d+ \w+ /g, "")
    .replace(/^Load model (?:from )?.*? failed[:.] ?/, "")
    .trim();
}
