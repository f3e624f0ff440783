import { fileURLToPath } from "node:url";
import { clipTruthSchema } from "../src/evaluation/metrics/clip_truth.ts";
import { MODEL } from "./demo_clip.ts";
import { type BenchReport, median } from "./report.ts";

const RUNS = 3;
const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** How fast `whence localize` makes the overlay video and the report of the demo clip, start-up included. */
export async function bench(): Promise<BenchReport> {
  const { duration } = clipTruthSchema.parse(
    JSON.parse(await Deno.readTextFile(`${MODEL}/demo.truth.json`)),
  );
  const speeds: number[] = [];
  for (let run = 0; run < RUNS; run++) speeds.push(duration / await secondsOf());
  return {
    name: "overlay",
    basis: `median of ${RUNS}, ${duration} s at 640 x 480`,
    figures: [{ what: "overlay video and report, times live", value: median(speeds), unit: "×" }],
  };
}

async function secondsOf(): Promise<number> {
  const folder = await Deno.makeTempDir();
  try {
    const startMs = performance.now();
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", MAIN, "localize", `${MODEL}/demo.mkv`, "-o", folder],
      stdin: "null",
      stdout: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return (performance.now() - startMs) / 1000;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
