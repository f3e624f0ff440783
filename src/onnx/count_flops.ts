import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Manifest } from "../model/manifest.ts";

/** Floating-point operations of the matrix products. */
export interface CountedFlops {
  /** Of one frame. */
  readonly frame: number;
  /** Of one second of sound. */
  readonly second: number;
}

/** Length of the sound that is counted, in s. */
const SECONDS = 2;

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
 * Counts a model's operations by running it once, as it was written, and looking at what ONNX
 * Runtime's profile says of the shapes. A multiplication and an addition count as two.
 */
export async function countFlops(folder: string, manifest: Manifest): Promise<CountedFlops> {
  const { image, audio } = manifest;
  const pixels = new Uint8Array(image.width * image.height * 3);
  const samples = Math.max(SECONDS * audio.sample_rate, audio.min_samples);
  return {
    frame: await traced(
      join(folder, image.file),
      "frames",
      new Tensor("uint8", pixels, [1, image.height, image.width, 3]),
    ),
    second: await traced(
      join(folder, audio.file),
      "waveform",
      new Tensor("float32", new Float32Array(samples), [1, samples]),
    ) / samples * audio.sample_rate,
  };
}

async function traced(model: string, input: string, value: Tensor): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "whence-trace-" });
  try {
    const session = await InferenceSession.create(model, {
      enableProfiling: true,
      profileFilePrefix: join(folder, "trace"),
      graphOptimizationLevel: "disabled",
      // A weight that was repacked for the processor no longer counts as an input.
      extra: { session: { disable_prepacking: "1" } },
      logSeverityLevel: 4,
    });
    await session.run({ [input]: value });
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
