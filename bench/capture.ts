import process from "node:process";
import { openCapture } from "../src/capture/capture.ts";
import { builtAddon } from "../src/capture/isolated/superficial/addon.ts";
import { launchTokens } from "../src/capture/launch_text.ts";
import { type CapturePlan, planCapture } from "../src/capture/plan.ts";
import { sourceSchema } from "../src/capture/source_schema.ts";
import { childrenCpuMs } from "./children_cpu.ts";
import { MODEL } from "./demo_clip.ts";
import { type BenchReport, median } from "./report.ts";

const RUNS = 9;
const CLIP = `${MODEL}demo.mkv`;

/** Ways to reach GStreamer, by the keys of `source` that choose them. */
const BINDINGS: Readonly<Record<string, Record<string, unknown>>> = {
  "FFI in this process": {},
  "FFI in a child process": { isolate: true },
  // Only where it is built: whence setup superficial.
  ...builtAddon() && { "node-gstreamer-superficial": { binding: "superficial" } },
};

/**
 * CPU time a frame of a whole capture (decode, scale, hand over, with its sound), child processes included, against
 * `gst-launch-1.0` with the same graph into fakesinks. All play the clip and its first tenth; the difference leaves their
 * start-up out.
 */
export async function bench(): Promise<BenchReport> {
  const folder = await Deno.makeTempDir({ prefix: "whence-bench-" });
  try {
    const bytes = await Deno.readFile(CLIP);
    const part = `${folder}/part.mkv`;
    await Deno.writeFile(part, bytes.subarray(0, bytes.length / 10));
    const ours = Object.keys(BINDINGS).map((): number[] => []);
    const theirs: number[] = [];
    // The first round warms the caches.
    for (let run = 0; run <= RUNS; run++) {
      for (const [index, via] of Object.values(BINDINGS).entries()) {
        const [whole, start] = [planOf(CLIP, via), planOf(part, via)];
        const [all, few] = [await capture(whole), await capture(start)];
        const frames = all.frames - few.frames;
        if (run > 0) ours[index].push((all.cpuMs - few.cpuMs) / frames);
        if (run === 0 || index > 0) continue;
        theirs.push((await launch(whole) - await launch(start)) / frames);
      }
    }
    const baseline = { what: "gst-launch-1.0 into fakesink", value: median(theirs) };
    const figures = Object.keys(BINDINGS).map((name, index) => ({
      what: `CPU time a frame, ${name}`,
      value: median(ours[index]),
      unit: "ms",
      baseline,
    }));
    return { name: "capture", basis: `median of ${RUNS}`, figures };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function planOf(uri: string, via: Record<string, unknown>): CapturePlan {
  const source = sourceSchema.parse({ uri, pace: "fast", frame_rate: 60, ...via });
  return planCapture(source, { width: 224, height: 224, sampleRate: 16000, folder: "/" });
}

async function capture(plan: CapturePlan): Promise<{ frames: number; cpuMs: number }> {
  const before = process.cpuUsage();
  const beforeMs = childrenCpuMs();
  await using source = await openCapture(plan);
  await Promise.all([source.frames(), source.audio()].map(async (stream) => {
    for await (const _ of stream);
  }));
  await source[Symbol.asyncDispose]();
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1000 + childrenCpuMs() - beforeMs;
  return { frames: source.stats().frames, cpuMs };
}

/** CPU time of a whole run of gst-launch-1.0, ms. */
async function launch(plan: CapturePlan): Promise<number> {
  const graph = plan.launch.replaceAll(
    /appsink [^!"]*?enable-last-sample=false/g,
    "fakesink sync=false",
  );
  const words = launchTokens(graph).map((token) => token.replaceAll('"', ""));
  const { success, stderr } = await new Deno.Command("bash", {
    args: ["-c", 'TIMEFORMAT="%U %S"; time gst-launch-1.0 -q "$@"', "bash", ...words],
    stdout: "null",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stderr).trim();
  if (!success) throw new Error(`gst-launch-1.0 failed: ${text}`);
  const [user, system] = text.split("\n").at(-1)!.split(" ").map(Number);
  return (user + system) * 1000;
}
