// Publishes known events at a steady rate through the publisher, the MQTT sink and the outbox of a pipeline, and writes each
// message to a ledger once the sink has taken it. The number of the first event follows the last one in the ledger.
import { appendFileSync, readFileSync } from "node:fs";
import { mqttSchema } from "../../src/publish/mqtt/mqtt_schema.ts";
import { MqttSink } from "../../src/publish/mqtt/mqtt_sink.ts";
import { Publisher } from "../../src/publish/publisher.ts";
import { sampleEvent } from "../support/sample_event.ts";
import { knownId, knownNumber } from "./known_events.ts";

const [url, stateFolder, ledger, everyMs] = Deno.args;
const lines = readFileSync(ledger, "utf8").trim().split("\n");
const last = lines.at(-1)!;
let event = last === "" ? 0 : knownNumber(last.split(" ")[0]) + 1;
let seq = 0;

const log = (level: string, message: string) => console.error(`${level}: ${message}`);
const publisher = new Publisher(
  () => [
    new MqttSink(mqttSchema.parse({ url }), { pipeline: "front", folder: "/", log, stateFolder }),
  ],
  log,
);
await publisher.open();
publisher.state({ state: "running", since: Date.now() / 1000, reason: null });

function publish(ends: boolean): void {
  const type = ends ? "end" : seq === 0 ? "new" : "update";
  const id = knownId(event);
  const offset = ends ? 1763812802 : null;
  publisher.event(sampleEvent({ id, seq, type, offset, reason: null }));
  appendFileSync(ledger, `${id} ${seq} ${type}\n`);
  seq = ends ? 0 : seq + 1;
  if (ends) event++;
}

const timer = setInterval(() => publish(seq === 2), Number(everyMs));
Deno.addSignalListener("SIGTERM", async () => {
  clearInterval(timer);
  if (seq > 0) publish(true);
  await publisher.close();
  Deno.exit(0);
});
