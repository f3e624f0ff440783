import { fileURLToPath } from "node:url";
import { clipTruthSchema, compareWithTruth } from "../src/evaluation/metrics/clip_truth.ts";
import type { WhenceEvent } from "../src/events/event.ts";
import { decodeEvent } from "../src/events/event_json.ts";
import { composePipeline } from "../src/pipeline/compose.ts";
import { EmbeddedBroker } from "../src/publish/mqtt/embedded_broker.ts";
import { MqttLink } from "../src/publish/mqtt/mqtt_link.ts";
import { clipPipeline, MODEL } from "./demo_clip.ts";
import type { BenchReport } from "./report.ts";

const RUNS = 2;
/** Its sounds begin all at once; those of the demo clip swell in a room, so that their score crosses the threshold later. */
const CLIP = fileURLToPath(new URL("../tests/support/clips/animals", import.meta.url));

/**
 * From the true onset of what an event answers to, in a clip at live pace, to the event's first message at an MQTT
 * subscriber, less lookahead; and how much of that passes after the last time step that the message needs.
 */
export async function bench(): Promise<BenchReport> {
  const broker = await EmbeddedBroker.acquire("embedded:0");
  const config = clipPipeline("live", { mqtt: { url: broker.url } }, `${CLIP}.mkv`);
  const truth = clipTruthSchema.parse(
    JSON.parse(await Deno.readTextFile(`${CLIP}.truth.json`)),
  );
  const latencies: number[] = [];
  const processing: number[] = [];
  const link = new MqttLink({ url: broker.url, log: () => {} });
  let heard: WhenceEvent[] = [];
  const arrival = new Map<string, number>();
  link.subscribe("whence/bench/event", (_topic, payload) => {
    const event = decodeEvent(new TextDecoder().decode(payload));
    heard.push(event);
    if (event.type === "new") arrival.set(event.id, Date.now());
  });
  link.start();
  await link.ready;
  for (let run = 0; run < RUNS; run++) {
    heard = [];
    await composePipeline(config, { folder: MODEL, log: () => {} }).run(
      new AbortController().signal,
    );
    for (const { truth: real, event } of compareWithTruth(heard, truth).findings) {
      if (event === undefined) continue;
      const startMs = (event.onset - event.stream.onset) * 1000;
      const onsetMs = startMs + real.onset * 1000;
      const first = heard.find(({ id, type }) => id === event.id && type === "new")!;
      const neededMs = startMs + (first.stream.onset + first.duration) * 1000;
      latencies.push(arrival.get(event.id)! - onsetMs - config.window.lookahead * 1000);
      processing.push(arrival.get(event.id)! - neededMs - config.window.lookahead * 1000);
    }
  }
  await link.close();
  await broker.release();
  if (latencies.length === 0) throw new Error("the clip gave no event");
  const figures = Object.entries({
    "onset to subscriber": latencies,
    "newest step used to subscriber": processing,
  }).flatMap(([what, values]) =>
    [0.5, 0.95].map((share) => ({
      what: `${what}, less lookahead: p${share * 100}`,
      value: quantile(values, share),
      unit: "ms",
    }))
  );
  return { name: "latency", basis: `${latencies.length} events in ${RUNS} runs`, figures };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
