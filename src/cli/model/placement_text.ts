import type { BuildRecord, BuiltPart } from "../../model/build_record.ts";
import { tableText } from "../table.ts";

/** Operators that the report names of each part. */
const MOST_OPERATORS = 3;

/** What a build was for: `ONNX Runtime 1.30.0 on tensorrt, cuda, window 2 s`. */
export function buildTitle({ version, providers, window }: BuildRecord): string {
  return `ONNX Runtime ${version} on ${providers.join(", ")}, window ${window} s`;
}

/** A line per part: what it runs on, how many nodes and how much time each provider has, and where most of the time goes. */
export function placementText({ parts }: BuildRecord): string {
  return tableText([
    ["PART", "RUNS ON", "NODES", "TIME OF A RUN", "MOST OF IT"],
    ...parts.map((part) => [
      part.part,
      part.provider,
      countsText(part.nodes, String) || "unknown",
      timesText(part) || "unknown",
      operatorsText(part),
    ]),
  ]);
}

/** A line per part: `image on tensorrt: 1 node, 97 % of 5.10 ms; on cpu: 4 nodes, 3 %`. */
export function placementLines({ parts }: BuildRecord): string {
  return parts.map((part) => {
    const times = timesOf(part);
    const all = Object.values(times).reduce((sum, time) => sum + time, 0);
    const names = new Set([part.provider, ...Object.keys(times), ...Object.keys(part.nodes)]);
    const shares = [...names].map((provider) => {
      const nodes = part.nodes[provider];
      const count = nodes === undefined ? "" : `${nodes} ${nodes === 1 ? "node" : "nodes"}`;
      const time = all > 0 ? `${Math.round(100 * (times[provider] ?? 0) / all)} %` : "";
      const whole = provider === part.provider && all > 0 ? ` of ${milliseconds(all)}` : "";
      return `on ${provider}: ${[count, time + whole].filter(Boolean).join(", ") || "unknown"}`;
    });
    return `${part.part} ${shares.join("; ")}`;
  }).join("\n");
}

function timesOf({ operators = [] }: BuiltPart): Record<string, number> {
  const times: Record<string, number> = {};
  for (const { provider, time } of operators) times[provider] = (times[provider] ?? 0) + time;
  return times;
}

/** @param time microseconds */
function milliseconds(time: number): string {
  return `${(time / 1000).toPrecision(3)} ms`;
}

function timesText(part: BuiltPart): string {
  return countsText(timesOf(part), milliseconds);
}

/** `tensorrt 300, cpu 4`, most first. */
function countsText(counts: Readonly<Record<string, number>>, text: (n: number) => string): string {
  return Object.entries(counts).toSorted(([, a], [, b]) => b - a)
    .map(([provider, count]) => `${provider} ${text(count)}`).join(", ");
}

/** `Conv 61 %, MatMul 20 %`; of several providers also what runs on the others than the main one. */
function operatorsText({ provider, operators = [] }: BuiltPart): string {
  const all = operators.reduce((sum, { time }) => sum + time, 0);
  const most = operators.slice(0, MOST_OPERATORS)
    .map(({ operator, time }) =>
      all > 0 ? `${operator} ${Math.round(100 * time / all)} %` : operator
    );
  const elsewhere = operators.filter((operator) => operator.provider !== provider)
    .map(({ operator, nodes, provider: other }) => `${nodes} ${operator} on ${other}`);
  return [most.join(", "), ...elsewhere.slice(0, MOST_OPERATORS)].join("; ");
}
