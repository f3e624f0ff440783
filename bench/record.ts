import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { inspectWithHints } from "../src/capture/inspect_with_hints.ts";
import { McapRecorder } from "../src/mcap/mcap_recorder.ts";
import { composePipeline } from "../src/pipeline/compose.ts";
import { chooseVideoFormat } from "../src/record/choose_video_format.ts";
import { EventRecorder } from "../src/record/event_recorder.ts";
import { recordSchema } from "../src/record/record_schema.ts";
import { Telemetry } from "../src/telemetry/telemetry.ts";
import type { TelemetryMessage } from "../src/telemetry/topics.ts";
import { clipPipeline, MODEL } from "./demo_clip.ts";
import { type BenchReport, median } from "./report.ts";

const RUNS = 3;
/** Clock ticks per second of /proc on Linux. */
const TICKS = 100;
/** Everything that the recorders listen to. */
const TOPICS = [
  "description",
  "state",
  "log",
  "picture",
  "audio",
  "step",
  "maps",
  "event",
  "near_miss",
] as const;

/** CPU of writing MCAP files and recordings of the demo clip, the encoders' processes included. */
export async function bench(): Promise<BenchReport> {
  const told = await tellings();
  const times = told.flatMap(({ topic, message }) => topic === "picture" ? [message.ptsNs] : []);
  const minutes = (Math.max(...times) - Math.min(...times)) / 60e9;
  const kinds = { "an MCAP file": mcap, "clips of events": clips, "everything, in segments": all };
  const figures = [];
  for (const [what, record] of Object.entries(kinds)) {
    const used: number[] = [];
    for (let run = 0; run < RUNS; run++) used.push(await cpuOf(record, told) / minutes);
    figures.push({ what: `CPU for ${what}, per minute`, value: median(used), unit: "s" });
  }
  return { name: "record", basis: `median of ${RUNS}, 640 x 480 at 10 frames/s`, figures };
}

type Record = (telemetry: Telemetry, folder: string) => Promise<AsyncDisposable>;

async function mcap(telemetry: Telemetry, folder: string): Promise<AsyncDisposable> {
  const recorder = new McapRecorder({
    folder,
    pipeline: "bench",
    profile: "foxglove",
    compression: "zstd",
    splitSeconds: 3600,
    complain: (error) => {
      if (error !== undefined) throw error;
    },
  });
  await recorder.open();
  recorder.listen(telemetry);
  return { [Symbol.asyncDispose]: () => recorder.close() };
}

const clips: Record = (telemetry, folder) => recorder(telemetry, folder, "events");
const all: Record = (telemetry, folder) => recorder(telemetry, folder, "all");

async function recorder(telemetry: Telemetry, path: string, mode: "events" | "all") {
  const recorder = await EventRecorder.start({
    config: recordSchema.parse({ path, mode, segment: "10s" }),
    pipeline: "bench",
    folder: path,
    format: await chooseVideoFormat(inspectWithHints),
    telemetry,
    log: (_level, line) => {
      throw new Error(line);
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      // A recorder that is closed gives up what takes longer than some seconds; a busy machine needs more.
      while (recorder.counters().waiting > 0) await delay(50);
      await recorder[Symbol.asyncDispose]();
      const { dropped } = recorder.counters();
      if (dropped > 0) throw new Error(`${dropped} recordings were dropped`);
    },
  };
}

/** CPU seconds of recording what a pipeline told. */
async function cpuOf(record: Record, told: readonly TelemetryMessage[]): Promise<number> {
  const folder = await Deno.makeTempDir();
  const telemetry = new Telemetry(() => {});
  const before = await cpuSeconds();
  const recording = await record(telemetry, join(folder, "kept"));
  for (const { topic, message } of told) telemetry.tell(topic, message as never);
  await recording[Symbol.asyncDispose]();
  const used = await cpuSeconds() - before;
  await Deno.remove(folder, { recursive: true });
  return used;
}

/** What a pipeline tells while it plays the demo clip. */
async function tellings(): Promise<TelemetryMessage[]> {
  const folder = await Deno.makeTempDir();
  const config = clipPipeline("live", { jsonl: `${folder}/events.jsonl` });
  const pipeline = composePipeline(config, { folder: MODEL, log: () => {}, pictures: true });
  const told: TelemetryMessage[] = [];
  using _listening = pipeline.telemetry.listen(TOPICS, (item) => {
    // Samples are valid during the call only.
    told.push(
      item.topic === "audio"
        ? { ...item, message: { ...item.message, samples: item.message.samples.slice() } }
        : item,
    );
  });
  await pipeline.run(new AbortController().signal);
  await Deno.remove(folder, { recursive: true });
  return told;
}

/** CPU time of this process and of those that it has started and that have ended (proc(5)). */
async function cpuSeconds(): Promise<number> {
  const stat = await Deno.readTextFile("/proc/self/stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
}
