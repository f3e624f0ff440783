import { parseArgs } from "node:util";
import { type BenchOptions, type BenchReport, reportText } from "./report.ts";

const BENCHES: Record<
  string,
  () => Promise<{ bench(options: BenchOptions): Promise<BenchReport> }>
> = {
  capture: () => import("./capture.ts"),
  pipeline: () => import("./pipeline.ts"),
  latency: () => import("./latency.ts"),
  view: () => import("./view.ts"),
  overlay: () => import("./overlay.ts"),
  record: () => import("./record.ts"),
  memory: () => import("./memory.ts"),
  "import-speed": () => import("./import_speed.ts"),
  things: () => import("./things.ts"),
  labels: () => import("./labels.ts"),
  peer: () => import("./peer.ts"),
  remote: () => import("./remote.ts"),
};

const NAMES = Object.keys(BENCHES);

const HELP = `Usage: deno task bench [options] [benchmark...]

Measures Whence on this machine; all benchmarks take about half an hour, most of it for peer.

Benchmarks: ${NAMES.join(", ")} (default: all)

Options:
  --json      print the reports as JSON
  --quick     peer: shorter clips, at most 4 cameras, one run each; remote: fewer hops
  -h, --help  show this help`;

const { values, positionals } = parsed();
if (values.help) {
  console.log(HELP);
  Deno.exit(0);
}
const unknown = positionals.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) fail(`benchmark must be one of ${NAMES.join(", ")}, got ${unknown}`);
const reports: BenchReport[] = [];
for (const name of positionals.length > 0 ? positionals : NAMES) {
  const { bench } = await BENCHES[name]();
  const report = await bench({ quick: values.quick });
  reports.push(report);
  if (!values.json) console.log(`${reportText(report)}\n`);
}
if (values.json) console.log(JSON.stringify(reports, null, 2));
Deno.exit(0);

function parsed() {
  try {
    return parseArgs({
      args: Deno.args,
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(reason: string): never {
  console.error(`Cannot run benchmarks: ${reason} (--help lists the options)`);
  Deno.exit(2);
}
