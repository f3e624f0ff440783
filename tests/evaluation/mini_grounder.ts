import { ClipGrounder } from "../../src/evaluation/runs/clip_grounder.ts";
import { type Encoders, loadModel } from "../../src/model/encoders.ts";
import { findModel } from "../../src/model/find_model.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";

/** The shipped model on the CPU, freed at the end of the scope. */
export interface MiniGrounder extends AsyncDisposable {
  readonly grounder: ClipGrounder;
  readonly encoders: Encoders;
}

/** Loads `models/denseav-mini`. */
export async function openMini(): Promise<MiniGrounder> {
  const runtime = await openRuntime(runtimeSchema.parse({ providers: ["cpu"], threads: 1 }), ".");
  const encoders = await loadModel(await findModel("denseav-mini", "."), runtime);
  const grounder = await ClipGrounder.create(encoders, runtime);
  return {
    grounder,
    encoders,
    async [Symbol.asyncDispose]() {
      await grounder.release();
      await encoders.release();
      await runtime.close();
    },
  };
}
