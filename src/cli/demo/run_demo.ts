import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPipeline } from "../../pipeline/load.ts";
import { decodeEvent } from "../../events/event_json.ts";
import { counted } from "../../core/quantities.ts";
import type { WhenceEvent } from "../../events/event.ts";
import { EVENT_LINE_HEADER, formatEventLine } from "../../events/event_line.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { EmbeddedBroker } from "../../publish/mqtt/embedded_broker.ts";
import { MqttLink } from "../../publish/mqtt/mqtt_link.ts";
import { configOf } from "../../publish/make_sinks.ts";
import { mqttSink } from "../../publish/sinks/mqtt.ts";
import {
  clipTruthSchema,
  compareWithTruth,
  type TruthComparison,
} from "../../evaluation/metrics/clip_truth.ts";
import { runPipelines } from "../run/run_pipelines.ts";
import { tableText } from "../table.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Runs `pipelines/demo.yaml`, prints its events as a client of its broker receives them, and a summary.
 *
 * @throws {CaptureError|ModelError} when the pipeline fails.
 */
export async function runDemo({ pictures }: { pictures?: string }): Promise<void> {
  const pipeline = await loadPipeline(join(PROJECT, "pipelines/demo.yaml"));
  const { config } = pipeline;
  const truth = clipTruthSchema.parse(
    JSON.parse(await Deno.readTextFile(join(PROJECT, "models/denseav-mini/demo.truth.json"))),
  );
  const { url, prefix } = configOf(config.publish, mqttSink)!;
  if (pictures !== undefined) await Deno.mkdir(pictures, { recursive: true });
  const broker = await EmbeddedBroker.acquire(url);
  const heard: WhenceEvent[] = [];
  const saved: Promise<void>[] = [];
  const link = new MqttLink({ url: broker.url, log: () => {} });
  link.subscribe(`${prefix}/${config.name}/event`, (_topic, payload) => {
    const event = decodeEvent(new TextDecoder().decode(payload));
    // Below what the log says about the start.
    if (heard.length === 0) console.log(EVENT_LINE_HEADER);
    heard.push(event);
    console.log(formatEventLine(event));
  });
  link.start();
  await link.ready;
  console.log(`${truth.duration} s of video at live pace; events from ${broker.url}`);
  try {
    const [demo] = await runPipelines([pipeline], {
      pictures: pictures !== undefined,
      heard: (event, draw) => {
        if (pictures === undefined || event.type !== "end" || draw === undefined) return;
        const file = join(pictures, `${event.id}.jpg`);
        saved.push(draw().then(({ data }) => Deno.writeFile(file, data)));
      },
    });
    await Promise.all(saved);
    console.log(`\n${summary(demo, heard)}\n${truthText(compareWithTruth(heard, truth))}`);
  } finally {
    await link.close();
    await broker.release();
  }
}

function summary(pipeline: Pipeline, heard: readonly WhenceEvent[]): string {
  const { frames, audio, hops, steps, latency_ms, providers, events } = pipeline.stats();
  const drops = frames.dropped + frames.overwritten + audio.dropped_buffers + steps.lost;
  const ms = (value: number | null | undefined) => value == null ? "-" : `${Math.round(value)} ms`;
  return [
    `frames    ${frames.captured} captured, ${frames.encoded} encoded`,
    `hops      ${hops.run}, ${hops.skipped} skipped`,
    `events    ${counted(events.sound, "sound")}, ${counted(events.speech, "word")}, ` +
    counted(heard.length, "message"),
    `drops     ${drops}`,
    `latency   p50 ${ms(latency_ms?.p50)}, p95 ${ms(latency_ms?.p95)}`,
    `runs on   ${Object.entries(providers).map(([part, on]) => `${part}: ${on}`).join(", ")}`,
  ].join("\n");
}

function truthText({ findings, spurious }: TruthComparison): string {
  const rows = findings.map(({ truth, event, inPlace }) => [
    `  ${truth.kind}`,
    truth.name,
    `${truth.onset.toFixed(2)} s`,
    event === undefined ? "missed" : inPlace ? "in place" : "elsewhere",
    event === undefined ? "" : `score ${event.score.toFixed(2)}`,
  ]);
  const inPlace = findings.filter((finding) => finding.inPlace).length;
  return `truth     ${inPlace} of ${findings.length} in place, ${
    counted(spurious.length, "false positive")
  }\n` +
    tableText(rows, ["left", "left", "right", "left"]);
}
