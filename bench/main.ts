import { parseArgs } from "node:util";
import type { PeerOptions } from "./peer.ts";
import { PACES } from "./peer/cases.ts";
import { CLIPS } from "./peer/clips.ts";
import { type BenchReport, reportText } from "./report.ts";

const BENCHES: Record<
  string,
  () => Promise<{ bench(options: PeerOptions): Promise<BenchReport> }>
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
  --json          print the reports as JSON
  -h, --help      show this help

Options of remote, which compares encoders on a server with local ones:
  --quick         4 hops per camera instead of 12
  --cameras <n>   only this number of cameras (default: 1, 4 and 16)

Options of peer, which compares Whence with a Python pipeline:
  --quick         shorter clips, at most 4 cameras, one run each
  --cameras <n>   only this number of cameras (default: 1, 4 and 16)
  --clip <name>   only this clip: ${Object.keys(CLIPS).join(", ")}
  --pace <pace>   only this pace: ${PACES.join(", ")}
  --keep <file>   write each run to this file, and do not repeat those in it`;

const { values, positionals } = parsed();
if (values.help) {
  console.log(HELP);
  Deno.exit(0);
}
const unknown = positionals.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) fail(`benchmark must be one of ${NAMES.join(", ")}, got ${unknown}`);
const cameras = values.cameras === undefined ? undefined : Number(values.cameras);
if (cameras !== undefined && !(Number.isInteger(cameras) && cameras >= 1)) {
  fail(`--cameras must be a whole number from 1, got ${values.cameras}`);
}
const options: PeerOptions = {
  quick: values.quick,
  cameras,
  clip: oneOf("--clip", Object.keys(CLIPS) as (keyof typeof CLIPS)[], values.clip),
  pace: oneOf("--pace", PACES, values.pace),
  keep: values.keep,
};
const reports: BenchReport[] = [];
for (const name of positionals.length > 0 ? positionals : NAMES) {
  const { bench } = await BENCHES[name]();
  const report = await bench(options);
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
        cameras: { type: "string" },
        clip: { type: "string" },
        pace: { type: "string" },
        keep: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

function oneOf<Name extends string>(
  option: string,
  names: readonly Name[],
  value: string | undefined,
): Name | undefined {
  const name = names.find((name) => name === value);
  if (value !== undefined && name === undefined) {
    fail(`${option} must be one of ${names.join(", ")}, got ${value}`);
  }
  return name;
}

function fail(reason: string): never {
  console.error(`Cannot run benchmarks: ${reason} (--help lists the options)`);
  Deno.exit(2);
}
