// `deno task faults`: causes faults while known events are published, and prints what became of them.
import { countOption } from "../../src/cli/options.ts";
import { taskProgram } from "../support/task_program.ts";
import { type FaultReport, runFaults } from "./run_faults.ts";

const { seed, faults } = taskProgram(
  "faults",
  "Causes faults while known events are published, and prints what became of them.",
)
  .addOption(countOption("--seed <n>", "draws the faults").default(1))
  .addOption(countOption("--faults <n>", "how many").default(100))
  .parse(Deno.args, { from: "user" })
  .opts<{ seed: number; faults: number }>();

const seconds = (ms: number) => (ms / 1000).toFixed(2);

const WHO = { front: "known events", camera: "camera" } as const;

function table({ deliveries, recovery }: FaultReport): string {
  const events = deliveries.reduce((sum, { events }) => sum + events, 0);
  return [
    `Seed ${seed}, ${faults} faults, ${events} events.`,
    "",
    "| pipeline | events | messages published | received | lost | duplicated | out of order | events without end | ended as interrupted |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...deliveries.map((d) =>
      `| ${
        WHO[d.pipeline]
      } | ${d.events} | ${d.published} | ${d.received} | ${d.lost} | ${d.duplicated} | ` +
      `${d.outOfOrder} | ${d.unended} | ${d.interrupted} |`
    ),
    "",
    "| fault | times | recovery p50, s | max, s |",
    "| --- | --- | --- | --- |",
    ...[...recovery].map(([name, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      const median = sorted[Math.floor(sorted.length / 2)];
      return `| ${name} | ${times.length} | ${seconds(median)} | ${seconds(sorted.at(-1)!)} |`;
    }),
    "",
    "| pipeline | RSS at the start, MB | at the end | files | at the end | threads | at the end | restarts |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...deliveries.map(({ pipeline, figures: [young, old], restarts }) =>
      `| ${WHO[pipeline]} | ${young.rssMb} | ${old.rssMb} | ${young.files} | ${old.files} | ` +
      `${young.threads} | ${old.threads} | ${restarts} |`
    ),
  ].join("\n");
}

const report = await runFaults({
  seed,
  faults,
  lastsMs: 2_000,
  everyMs: 30,
  onLine: (line) => console.error(`camera: ${line}`),
  onFault: (name, ms) => console.error(`${name}: ${seconds(ms)} s`),
});
console.log(table(report));
const bad = report.deliveries.some(({ lost, outOfOrder, unended }) =>
  lost + outOfOrder + unended > 0
);
Deno.exit(bad ? 1 : 0);
