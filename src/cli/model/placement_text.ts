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

function timesText({ operators = [] }: BuiltPart): string {
  const times: Record<string, number> = {};
  for (const { provider, time } of operators) times[provider] = (times[provider] ?? 0) + time;
  return countsText(times, (time) => `${(time / 1000).toPrecision(3)} ms`);
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
