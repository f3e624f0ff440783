import { readCString } from "../../core/c_string.ts";
import { Out, pointersAt } from "./c_memory.ts";
import type { Ort } from "./ort_api.ts";
import type { Refusal } from "./refusal.ts";

/** Nodes of a model by the provider that computes them, such as `{ cuda: 312, cpu: 4 }`. */
export type Placement = Readonly<Record<string, number>>;

/**
 * Reads which provider computes each node of a session. Its options must have had
 * `session.record_ep_graph_assignment_info` set to 1. Empty in libraries before 1.24, which do not report it.
 *
 * @param nameOf a provider's short name for ONNX Runtime's own.
 */
export function readPlacement(
  ort: Ort,
  session: Deno.PointerValue,
  nameOf: (ortName: string) => string,
): Placement {
  if (!ort.placement) return {};
  const { check, placement: api } = ort;
  const list = new Out();
  const count = new Out();
  const nodes: Record<string, number> = {};
  check(api.Session_GetEpGraphAssignmentInfo(session, list.cell, count.cell));
  for (const subgraph of pointersAt(list.pointer, count.size)) {
    const out = new Out();
    check(api.EpAssignedSubgraph_GetEpName(subgraph, out.cell));
    const name = nameOf(readCString(out.pointer));
    check(api.EpAssignedSubgraph_GetNodes(subgraph, out.cell, count.cell));
    nodes[name] = (nodes[name] ?? 0) + count.size;
  }
  return nodes;
}

/** Where a session runs. */
export interface Whereabouts {
  readonly provider: string;
  readonly nodes: Placement;
  readonly refused: readonly Refusal[];
}

/**
 * Where a model runs: on the provider with most of the work, and among equals on the more preferred one. Providers
 * that come before it in `asked` are refused with the reason.
 *
 * @param asked accelerators that the session was made with, most preferred first.
 * @param fallback name of the provider that takes all other nodes.
 * @param work how much each provider does; its nodes unless something better is known.
 */
export function judgePlacement(
  nodes: Placement,
  asked: readonly string[],
  fallback: string,
  work: Placement = nodes,
): Whereabouts {
  const order = [...asked, fallback, ...Object.keys(work)];
  const share = (name: string) => work[name] ?? 0;
  const provider = order.reduce((best, name) => share(name) > share(best) ? name : best);
  const total = Object.values(nodes).reduce((sum, n) => sum + n, 0);
  const refused = order.slice(0, order.indexOf(provider)).map((name) => ({
    provider: name,
    reason: `it takes ${nodes[name] ?? 0} of ${total} nodes, most work is done on ${provider}`,
  }));
  return { provider, nodes, refused };
}
