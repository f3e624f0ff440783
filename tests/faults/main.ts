// `deno task faults`: causes faults while known events are published, and prints what became of them.
import { parseArgs } from "node:util";
import { type FaultReport, runFaults } from "./run_faults.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    faults: { type: "string", default: "100" },
  },
});
const seed = Number(values.seed);
const faults = Number(values.faults);

const seconds = (ms: number) => (ms / 1000).toFixed(2);

function table(report: FaultReport): string {
  const { events, published, received, lost, duplicated, outOfOrder, unended, interrupted } =
    report;
  const [young, old] = report.figures;
  const rows = [...report.recovery].map(([name, times]) => {
    const sorted = times.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    return `| ${name} | ${times.length} | ${seconds(median)} | ${seconds(sorted.at(-1)!)} |`;
  });
  return [
    `Seed ${seed}, ${faults} faults, ${events} events.`,
    "",
    "| messages published | received | lost | duplicated | out of order | events without end | ended as interrupted |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    `| ${[published, received, lost, duplicated, outOfOrder, unended, interrupted].join(" | ")} |`,
    "",
    "| fault | times | recovery p50, s | max, s |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    `Last process, after the last fault and at the end: RSS ${young.rssMb} and ${old.rssMb} MB, ` +
    `${young.files} and ${old.files} files, ${young.threads} and ${old.threads} threads.`,
  ].join("\n");
}

const report = await runFaults({
  seed,
  faults,
  lastsMs: 2_000,
  everyMs: 30,
  onFault: (name, ms) => console.error(`${name}: ${seconds(ms)} s`),
});
console.log(table(report));
Deno.exit(report.lost + report.outOfOrder + report.unended === 0 ? 0 : 1);
