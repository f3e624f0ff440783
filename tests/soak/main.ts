// `deno task soak`: runs a pipeline at live pace with an inference for each time step, and prints what it uses over time.
import { countOption } from "../../src/cli/options.ts";
import { taskProgram } from "../support/task_program.ts";
import { slope } from "./slope.ts";
import { type Sample, soak } from "./soak.ts";

const { minutes, hop: hopMs } = taskProgram(
  "soak",
  "Runs a pipeline at live pace with an inference for each time step, and prints what it uses over time.",
)
  .addOption(countOption("--minutes <n>", "how long").default(60))
  .addOption(countOption("--hop <ms>", "time between inferences").default(20))
  .parse(Deno.args, { from: "user" })
  .opts<{ minutes: number; hop: number }>();

/** Until then, caches fill; a share of the time. */
const WARM_UP = 0.2;

const show = ({ atS, rssMb, files, threads }: Sample) =>
  `| ${(atS / 60).toFixed(1)} | ${rssMb} | ${files} | ${threads} |`;

const { samples, events, unended, stats } = await soak({
  seconds: minutes * 60,
  hopMs,
  everyS: Math.max(1, minutes * 60 / 200),
  onSample: (sample) => console.error(show(sample)),
});
const warm = samples.filter(({ atS }) => atS >= WARM_UP * minutes * 60);
const perHour = slope(warm.map(({ atS, rssMb }) => [atS / 3600, rssMb]));
const shown = Array.from(
  { length: 7 },
  (_, i) => samples[Math.round(i / 6 * (samples.length - 1))],
);
const { hops, uptime_s: uptimeS, reconnects, model_reloads: reloads } = stats;
console.log([
  `${minutes} minutes at a hop of ${hopMs} ms: ${hops.run} inferences ` +
  `(${
    (hops.run / uptimeS).toFixed(1)
  } a second), ${hops.skipped} hops skipped, ${events} events, ` +
  `${unended} without end, ${reconnects} reconnects, ${reloads} model reloads.`,
  "",
  "| minutes | RSS, MB | files | threads |",
  "| --- | --- | --- | --- |",
  ...shown.map(show),
  "",
  `RSS after the first ${WARM_UP * 100} %: ${perHour >= 0 ? "+" : ""}${
    perHour.toFixed(1)
  } MB an hour ` +
  `(least squares, ${warm.length} samples).`,
].join("\n"));
Deno.exit(unended === 0 ? 0 : 1);
