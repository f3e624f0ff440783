import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BenchReport, median } from "./report.ts";

const SECONDS = 60;
const PROJECT = fileURLToPath(new URL("../", import.meta.url));

/** Resident memory of `whence run` on test sources at live pace over 60 s, and how it grows in the second half. */
export async function bench(): Promise<BenchReport> {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "memory.yaml");
  await Deno.writeTextFile(
    file,
    "source: { video: test://ball, audio: test://sine }\nmodel: denseav-mini\n" +
      "runtime: { providers: [cpu], threads: 1 }\npublish: { jsonl: events.jsonl }\n",
  );
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(PROJECT, "src/main.ts"), "run", file, "--duration", `${SECONDS}s`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  let running = true;
  const ended = process.status.then(({ code }) => {
    running = false;
    if (code !== 0) throw new Error(`whence run ended with exit code ${code}`);
  });
  const samples: number[] = [];
  while (running) {
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 1000)), ended]);
    const status = await Deno.readTextFile(`/proc/${process.pid}/status`).catch(() => "");
    const kilobytes = status.match(/VmRSS:\s+(\d+)/)?.[1];
    if (kilobytes !== undefined) samples.push(Number(kilobytes) / 1000);
  }
  await Deno.remove(folder, { recursive: true });
  const settled = samples.slice(samples.length >> 1);
  return {
    name: "memory",
    basis: `one run of ${samples.length} s`,
    figures: [
      { what: "resident memory at the end", value: median(samples.slice(-5)), unit: "MB" },
      { what: "growth in the second half", value: slope(settled) * 60, unit: "MB/min" },
    ],
  };
}

/** Least squares, per sample. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let product = 0;
  let square = 0;
  values.forEach((value, i) => {
    product += (i - middle) * (value - mean);
    square += (i - middle) ** 2;
  });
  return product / square;
}
