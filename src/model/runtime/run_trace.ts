import { join } from "node:path";
import { readCString } from "../../core/c_string.ts";
import { Out } from "./c_memory.ts";
import type { Ort } from "./ort_api.ts";
import type { Placement } from "./placement.ts";

/** Nodes of one operator on one provider. */
export interface OperatorTime {
  readonly provider: string;
  /** Such as `Conv`, or the name of a compiled engine. */
  readonly operator: string;
  readonly nodes: number;
  /** Microseconds, of one run. */
  readonly time: number;
}

/** Where a run computed its nodes. */
export interface Traced {
  readonly nodes: Placement;
  /** Microseconds by provider. A compiled engine counts as one node, so that only time shows which provider does the work. */
  readonly time: Placement;
  /** The same by operator, longest first. */
  readonly operators: readonly OperatorTime[];
}

interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly dur?: number;
  readonly args?: { readonly provider?: string; readonly op_name?: string };
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

/** Sums over nodes; of a node that ran several times, the shortest run counts. */
function count(events: readonly TraceEvent[], nameOf: (ortName: string) => string): Traced {
  const nodes = new Map<string, { provider: string; operator: string; time: number }>();
  for (const { cat, name, dur = 0, args } of events) {
    if (cat !== "Node" || !name?.endsWith("_kernel_time") || !args?.provider) continue;
    const operator = args.op_name ?? "?";
    const time = Math.min(dur, nodes.get(name)?.time ?? Infinity);
    nodes.set(name, { provider: nameOf(args.provider), operator, time });
  }
  const operators = [...Map.groupBy(nodes.values(), (node) => `${node.provider} ${node.operator}`)]
    .map(([, group]): OperatorTime => ({
      provider: group[0].provider,
      operator: group[0].operator,
      nodes: group.length,
      time: group.reduce((sum, { time }) => sum + time, 0),
    }))
    .sort((a, b) => b.time - a.time);
  const sums = (key: "nodes" | "time") => {
    const totals: Record<string, number> = {};
    for (const operator of operators) {
      totals[operator.provider] = (totals[operator.provider] ?? 0) + operator[key];
    }
    return totals;
  };
  return { nodes: sums("nodes"), time: sums("time"), operators };
}
