import { join } from "node:path";
import { readCString } from "../../core/c_string.ts";
import { Out } from "./c_memory.ts";
import type { Ort } from "./ort_api.ts";
import type { Placement } from "./placement.ts";

/** Where a run computed its nodes. */
export interface Traced {
  readonly nodes: Placement;
  /** Microseconds by provider. A compiled engine counts as one node, so that only time shows which provider does the work. */
  readonly time: Placement;
}

interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly dur?: number;
  readonly args?: { readonly provider?: string };
}

/**
 * The profile that ONNX Runtime writes of a session, which names the provider of each node that ran. For libraries
 * before 1.24, which have no function that tells where nodes are placed.
 */
export class RunTrace {
  readonly #folder = Deno.makeTempDirSync({ prefix: "whence-" });

  /** For `SessionOptions.profile`. */
  get prefix(): string {
    return join(this.#folder, "trace");
  }

  /**
   * Ends the profiling of a session that has run, and counts its nodes.
   *
   * @param nameOf a provider's short name for ONNX Runtime's own.
   */
  async read(
    ort: Ort,
    allocator: Deno.PointerValue,
    session: Deno.PointerValue,
    nameOf: (ortName: string) => string,
  ): Promise<Traced> {
    const out = new Out();
    ort.check(ort.api.SessionEndProfiling(session, allocator, out.cell));
    const path = readCString(out.pointer);
    ort.check(ort.api.AllocatorFree(allocator, out.pointer));
    try {
      return count(JSON.parse(await Deno.readTextFile(path)), nameOf);
    } finally {
      this.discard();
    }
  }

  /** Removes the trace's folder; may be called more than once. */
  discard(): void {
    try {
      Deno.removeSync(this.#folder, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function count(events: readonly TraceEvent[], nameOf: (ortName: string) => string): Traced {
  const names: Record<string, Set<string>> = {};
  const time: Record<string, number> = {};
  for (const { cat, name, dur, args } of events) {
    if (cat !== "Node" || !name?.endsWith("_kernel_time") || !args?.provider) continue;
    const provider = nameOf(args.provider);
    (names[provider] ??= new Set()).add(name);
    time[provider] = (time[provider] ?? 0) + (dur ?? 0);
  }
  const nodes = Object.entries(names).map(([provider, set]) => [provider, set.size]);
  return { nodes: Object.fromEntries(nodes), time };
}
