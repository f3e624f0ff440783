import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import type { Runtime } from "../../src/model/runtime/session.ts";

/** A runtime on one CPU thread; `library` as in the YAML. */
export function openCpu(library = "auto"): Promise<Runtime> {
  return openRuntime(runtimeSchema.parse({ library, providers: ["cpu"], threads: 1 }), Deno.cwd());
}
