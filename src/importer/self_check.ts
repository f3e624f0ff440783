import { join } from "node:path";
import type { Runtime, Tensor } from "../model/runtime/session.ts";
import { writeModel } from "../onnx/write_model.ts";
import { ImportError } from "./import_error.ts";
import type { BuiltGraph } from "./graph/image_graph.ts";
import { probeFrame, probeWaveform } from "./probe_input.ts";

/** One encoder to be checked: the written file, and the same graph in plain arithmetic. */
export interface CheckedEncoder {
  /** Path of the written model. */
  readonly model: string;
  readonly input: "frames" | "waveform";
  /** One item's size: `[height, width]` or `[samples]`. */
  readonly size: readonly number[];
  readonly plain: () => BuiltGraph;
}

/**
 * Runs a written encoder and its plain float32 counterpart on a built-in input.
 *
 * The counterpart's weights are in a file in `folder` while it runs, which the runtime maps into memory.
 *
 * @returns relative L2 distance of each output.
 * @throws {ImportError} when an output holds values that are not finite.
 */
export async function checkEncoder(
  runtime: Runtime,
  encoder: CheckedEncoder,
  folder: string,
): Promise<Record<string, number>> {
  const file = join(folder, `plain-${encoder.input}.onnx`);
  const { graph } = encoder.plain();
  await writeModel(file, graph.graph(), { externalDataAbove: 0 });
  const plain = await evaluate(runtime, file, encoder);
  await Deno.remove(file);
  await Deno.remove(`${file}.data`);
  const written = await evaluate(runtime, encoder.model, encoder);
  for (const [name, { data }] of Object.entries(written)) {
    if (!(data as Float32Array).every(Number.isFinite)) {
      throw new ImportError(
        `Cannot import: output ${name} of the ${encoder.input} encoder must be finite numbers; the weights are damaged or their values exceed the range of the precision (try --precision fp32)`,
      );
    }
  }
  return Object.fromEntries(
    Object.entries(plain).map(([name, tensor]) => [
      name,
      relativeL2(written[name].data as Float32Array, tensor.data as Float32Array),
    ]),
  );
}

async function evaluate(
  runtime: Runtime,
  model: string,
  { input, size }: CheckedEncoder,
): Promise<Record<string, Tensor>> {
  const feed: Tensor = input === "frames"
    ? { type: "uint8", dims: [1, ...size, 3], data: probeFrame(size[1], size[0]) }
    : { type: "float32", dims: [1, ...size], data: probeWaveform(size[0]) };
  const session = await runtime.createSession(model);
  try {
    return await session.run({ [input]: feed });
  } finally {
    await session.release();
  }
}

function relativeL2(got: Float32Array, wanted: Float32Array): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < wanted.length; i++) {
    difference += (got[i] - wanted[i]) ** 2;
    size += wanted[i] ** 2;
  }
  return size === 0 ? Math.sqrt(difference) : Math.sqrt(difference / size);
}
