import { decodeEvent } from "../src/events/event_json.ts";
import { Pipeline } from "../src/pipeline/pipeline.ts";
import { EmbeddedBroker } from "../src/publish/embedded_broker.ts";
import { MqttLink } from "../src/publish/mqtt_link.ts";
import { clipPipeline, MODEL } from "./demo_clip.ts";
import type { BenchReport } from "./report.ts";

const RUNS = 2;

/** From an event's onset in a clip at live pace to its first message at an MQTT subscriber, less lookahead. */
export async function bench(): Promise<BenchReport> {
  const broker = await EmbeddedBroker.acquire("embedded:0");
  const config = clipPipeline("live", { mqtt: { url: broker.url } });
  const latencies: number[] = [];
  const link = new MqttLink({ url: broker.url, log: () => {} });
  link.subscribe("whence/bench/event", (_topic, payload) => {
    const event = decodeEvent(new TextDecoder().decode(payload));
    if (event.type !== "new") return;
    latencies.push(Date.now() - event.onset * 1000 - config.window.lookahead * 1000);
  });
  link.start();
  await link.ready;
  for (let run = 0; run < RUNS; run++) {
    await new Pipeline({ config, folder: MODEL, log: () => {} }).run(new AbortController().signal);
  }
  await link.close();
  await broker.release();
  if (latencies.length === 0) throw new Error("the clip gave no event");
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return {
    name: `latency of ${sorted.length} events`,
    runs: RUNS,
    figures: [
      { what: "onset to subscriber, less lookahead: p50", value: at(0.5), unit: "ms" },
      { what: "onset to subscriber, less lookahead: p95", value: at(0.95), unit: "ms" },
    ],
  };
}
