import { join } from "node:path";
import { readCString } from "../../core/c_string.ts";
import { Out } from "./c_memory.ts";
import type { Ort } from "./ort_api.ts";
import { type Placement, providerName } from "./placement.ts";

/** What a run showed of where nodes are computed. */
export interface Traced {
  readonly nodes: Placement;
  /** Microseconds by provider. A TensorRT engine counts as one node, so that only time tells who does the work. */
  readonly time: Placement;
}

interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly dur?: number;
  readonly args?: { readonly provider?: string };
}

/**
 * The profile that ONNX Runtime writes of a session, for libraries before 1.24, which cannot say where they put
 * nodes: it names the provider of each node that ran.
 */
export class RunTrace {
  readonly #folder = Deno.makeTempDirSync({ prefix: "whence-" });

  /** For `SessionOptions.profile`. */
  get prefix(): string {
    return join(this.#folder, "trace");
  }

  /** Ends the session's profiling, which must have run, and counts its nodes. */
  async read(
    ort: Ort,
    allocator: Deno.PointerValue,
    session: Deno.PointerValue,
  ): Promise<Traced> {
    const out = new Out();
    ort.check(ort.api.SessionEndProfiling(session, allocator, out.cell));
    const path = readCString(out.pointer);
    ort.check(ort.api.AllocatorFree(allocator, out.pointer));
    try {
      return count(JSON.parse(await Deno.readTextFile(path)));
    } finally {
      this.discard();
    }
  }

  discard(): void {
    try {
      Deno.removeSync(this.#folder, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function count(events: readonly TraceEvent[]): Traced {
  const names: Record<string, Set<string>> = {};
  const time: Record<string, number> = {};
  for (const { cat, name, dur, args } of events) {
    if (cat !== "Node" || !name?.endsWith("_kernel_time") || !args?.provider) continue;
    const provider = providerName(args.provider);
    (names[provider] ??= new Set()).add(name);
    time[provider] = (time[provider] ?? 0) + (dur ?? 0);
  }
  const nodes = Object.entries(names).map(([provider, set]) => [provider, set.size]);
  return { nodes: Object.fromEntries(nodes), time };
}
