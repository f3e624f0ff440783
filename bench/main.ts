import { parseArgs } from "node:util";
import { type BenchReport, reportText } from "./report.ts";

const BENCHES: Record<string, () => Promise<{ bench(): Promise<BenchReport> }>> = {
  capture: () => import("./capture.ts"),
  pipeline: () => import("./pipeline.ts"),
  latency: () => import("./latency.ts"),
  memory: () => import("./memory.ts"),
  "import-speed": () => import("./import_speed.ts"),
};

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { json: { type: "boolean", default: false } },
});
const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`Cannot run ${unknown}: benchmarks are ${Object.keys(BENCHES).join(", ")}`);
  Deno.exit(2);
}
const reports: BenchReport[] = [];
for (const name of names) {
  const { bench } = await BENCHES[name]();
  const report = await bench();
  reports.push(report);
  if (!values.json) console.log(`${reportText(report)}\n`);
}
if (values.json) console.log(JSON.stringify(reports, null, 2));
Deno.exit(0);
