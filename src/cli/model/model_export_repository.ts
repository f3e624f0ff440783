import { resolve } from "node:path";
import { exportRepository } from "../../model/export_repository.ts";
import { findModel } from "../../model/find_model.ts";
import type { TritonPrecision } from "../../model/providers/triton_acceleration.ts";
import { openRuntime } from "../../model/runtime/runtime.ts";
import { runtimeSchema } from "../../model/runtime_schema.ts";
import { modelsFolder } from "./model_folder.ts";

/** Options of `model export-repository`. */
export interface ExportCommandOptions {
  readonly output: string;
  readonly out?: string;
  readonly maxBatch: number;
  /** s */
  readonly maxDelay: number;
  readonly tensorrt?: TritonPrecision;
}

/**
 * Writes a model repository and prints what is in it.
 *
 * @throws {ModelError} when the model cannot be read, or the folder contains it already.
 */
export async function exportModelRepository(
  name: string,
  { output, out, maxBatch, maxDelay, tensorrt }: ExportCommandOptions,
): Promise<void> {
  const folder = await findModel(name, ".", modelsFolder(out));
  await using stack = new AsyncDisposableStack();
  const runtime = await openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1 }), ".");
  stack.defer(() => runtime.close());
  const repository = resolve(output);
  const written = await exportRepository(folder, runtime, repository, {
    maxBatch,
    maxDelayUs: Math.round(maxDelay * 1e6),
    tensorrt,
  });
  for (const { name, version, maxBatch } of written) {
    const batch = maxBatch > 0
      ? `batches up to ${maxBatch}`
      : "no batches: its batch size is fixed";
    console.log(`${name}, version ${version}: ${batch}`);
  }
  console.log(`tritonserver --model-repository=${repository}`);
}
