// `deno task faults`: causes faults while known events are published, and prints what became of them.
import { loadavg } from "node:os";
import { Option } from "commander";
import { countOption } from "../../src/cli/options.ts";
import { taskProgram } from "../support/task_program.ts";
import { FAULTS } from "./faults.ts";
import { type FaultReport, runFaults } from "./run_faults.ts";

const { seed, faults, only } = taskProgram(
  "faults",
  "Causes faults while known events are published, and prints what became of them.",
)
  .addOption(countOption("--seed <n>", "draws the faults").default(1))
  .addOption(countOption("--faults <n>", "how many").default(100))
  .addOption(
    new Option("--only <part>", "causes only faults of the camera, or of publisher and broker")
      .choices(["camera", "publisher"]),
  )
  .parse(Deno.args, { from: "user" })
  .opts<{ seed: number; faults: number; only?: string }>();

const seconds = (ms: number) => (ms / 1000).toFixed(2);

/** Median and maximum in s, as two columns. */
function spread(times: readonly number[]): string {
  if (times.length === 0) return "– | –";
  const sorted = times.toSorted((a, b) => a - b);
  return `${seconds(sorted[Math.floor(sorted.length / 2)])} | ${seconds(sorted.at(-1)!)}`;
}

const WHO = { front: "known events", camera: "camera" } as const;

const load = () => loadavg()[0].toFixed(1);
const startLoad = load();
const startMs = performance.now();

function table({ deliveries, recovery }: FaultReport): string {
  const events = deliveries.reduce((sum, { events }) => sum + events, 0);
  const minutes = Math.round((performance.now() - startMs) / 60_000);
  return [
    `Seed ${seed}, ${faults} faults, ${events} events, ${minutes} minutes; ` +
    `${navigator.hardwareConcurrency} CPU cores, load average ${startLoad} at the start, ${load()} at the end.`,
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
    "| fault | times | source back p50, s | max, s | next event p50, s | max, s |",
    "| --- | --- | --- | --- | --- | --- |",
    ...[...recovery].map(([name, times]) => {
      const back = times.flatMap(({ sourceMs }) => sourceMs ?? []);
      const next = times.map(({ eventMs }) => eventMs);
      return `| ${name} | ${times.length} | ${spread(back)} | ${spread(next)} |`;
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
  kinds: FAULTS.filter(({ watched = "front" }) =>
    only === undefined || (watched === "camera") === (only === "camera")
  ),
  onFault: (name, { sourceMs, eventMs }) =>
    console.error(
      `${name}: ` + (sourceMs === undefined ? "" : `source back after ${seconds(sourceMs)} s, `) +
        `next event after ${seconds(eventMs)} s`,
    ),
});
console.log(table(report));
const bad = report.deliveries.some(({ lost, outOfOrder, unended }) =>
  lost + outOfOrder + unended > 0
);
Deno.exit(bad ? 1 : 0);
