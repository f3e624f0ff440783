import { type OpenGrounder, openGrounder } from "../../src/evaluation/runs/open_grounder.ts";
import { findModel } from "../../src/model/find_model.ts";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";

/** `models/denseav-mini` on the CPU, released at the end of the scope. */
export async function openMini(): Promise<OpenGrounder> {
  const config = runtimeSchema.parse({ providers: ["cpu"], threads: 1 });
  return await openGrounder(await findModel("denseav-mini", "."), config);
}
