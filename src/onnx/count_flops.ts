import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** The one input of a model, and the shape to count for. */
export interface CountedInput {
  readonly name: string;
  readonly type: "uint8" | "float32";
  readonly dims: readonly number[];
}

type Shape = Readonly<Record<string, readonly number[]>>;

interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly args?: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Shape[];
    readonly output_type_shape?: readonly Shape[];
  };
}

/**
 * Counts the floating-point operations of a model's matrix products for one input: runs the graph once, as it was
 * written, and reads the shapes from ONNX Runtime's profile. A multiplication and an addition count as two.
 *
 * @param model path of the ONNX file.
 */
export async function countFlops(model: string, input: CountedInput): Promise<number> {
  const { name, type, dims } = input;
  const size = product(dims);
  const value = type === "uint8"
    ? new Tensor(type, new Uint8Array(size), dims)
    : new Tensor(type, new Float32Array(size), dims);
  const folder = await Deno.makeTempDir({ prefix: "whence-trace-" });
  try {
    const session = await InferenceSession.create(model, {
      enableProfiling: true,
      profileFilePrefix: join(folder, "trace"),
      graphOptimizationLevel: "disabled",
      // A weight that is repacked for the processor no longer shows up as an input.
      extra: { session: { disable_prepacking: "1" } },
      logSeverityLevel: 4,
    });
    await session.run({ [name]: value });
    session.endProfiling();
    await session.release();
    const [trace] = [...Deno.readDirSync(folder)];
    const events = JSON.parse(await Deno.readTextFile(join(folder, trace.name)));
    return (events as TraceEvent[]).reduce((sum, event) => sum + eventFlops(event), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function eventFlops({ cat, name, args }: TraceEvent): number {
  if (cat !== "Node" || !name?.endsWith("_kernel_time")) return 0;
  const inputs = (args?.input_type_shape ?? []).map(dimsOf);
  const [output] = (args?.output_type_shape ?? []).map(dimsOf);
  if (!output || inputs.length < 2) return 0;
  switch (args?.op_name) {
    case "MatMul":
    case "MatMulInteger":
      return 2 * product(output) * (inputs[0].at(-1) ?? 1);
    case "Gemm":
      // Of [m, k] × [k, n] → [m, n], whichever operand is transposed.
      return 2 * Math.sqrt(product(inputs[0]) * product(inputs[1]) * product(output));
    case "Conv":
      return 2 * product(output) * product(inputs[1].slice(1));
    case "MultiHeadAttention": {
      // Queries [n, s, c] with keys [n, t, c], and their weights with values [n, t, d].
      const [queries, keys, values] = inputs;
      return 2 * product(queries.slice(0, 2)) * keys[1] * (keys[2] + values[2]);
    }
    default:
      return 0;
  }
}

function dimsOf(shape: Shape): readonly number[] {
  return Object.values(shape)[0] ?? [];
}

function product(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}
