import assert from "node:assert/strict";
import { BackPressure, type PressedSink } from "../../src/publish/back_pressure.ts";
import { mqttSchema } from "../../src/publish/mqtt/mqtt_schema.ts";
import { MqttSink } from "../../src/publish/mqtt/mqtt_sink.ts";
import { EventOutbox } from "../../src/publish/outbox/event_outbox.ts";
import { Publisher } from "../../src/publish/publisher.ts";
import type { Sink } from "../../src/publish/sink.ts";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { keepLog } from "../support/open_sink.ts";
import { sampleEvent } from "../support/sample_event.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";

const forever = new AbortController().signal;

/** A sink whose condition a test sets. */
function sinkWith(waiting: number, capacity: number | undefined) {
  const counts = { waiting, acknowledged: 0 };
  const sink = {
    name: "mqtt",
    capacity,
    fault: undefined as string | undefined,
    counts,
    counters: () => ({ ...rest, ...counts }),
    complaint(): string | undefined {
      return sink.fault;
    },
  };
  return sink;
}
const rest = {
  accepted: 0,
  sent: 0,
  dropped: 0,
  refused: 0,
  oversized: 0,
  replaced: 0,
  failures: 0,
};

/** Whether `room` resolves at once. */
async function hasRoom(pressure: BackPressure, sink: PressedSink): Promise<boolean> {
  const ending = new AbortController();
  let resolved = false;
  const waiting = pressure.room([sink], ending.signal).then(() => resolved = true);
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  const result = resolved;
  ending.abort();
  await waiting;
  return result;
}

Deno.test("a sink that delivers has room for 256 messages", async () => {
  const pressure = new BackPressure(() => {});
  assert.ok(await hasRoom(pressure, sinkWith(256, 100_000)));
  assert.ok(!await hasRoom(pressure, sinkWith(257, 100_000)));
  assert.ok(!await hasRoom(pressure, sinkWith(20, 40)));
  assert.ok(!await hasRoom(pressure, sinkWith(257, undefined)));
});

Deno.test("a sink that does not deliver has room for half of its capacity; then a line says what is waited for", async () => {
  const { log, lines } = keepLog();
  let nowMs = 0;
  const pressure = new BackPressure(log, () => nowMs);
  const away = sinkWith(400, 1_000);
  away.fault = "connection refused";
  assert.ok(await hasRoom(pressure, away));
  away.counts.waiting = 500;
  assert.ok(!await hasRoom(pressure, away));
  const stuck = sinkWith(400, 100_000);
  assert.ok(!await hasRoom(pressure, stuck));
  nowMs = 10_000;
  assert.ok(await hasRoom(pressure, stuck));
  stuck.counts.acknowledged = 1;
  assert.ok(!await hasRoom(pressure, stuck));
  assert.deepEqual(lines, [
    "warning: Waiting for mqtt, so that no event is lost: connection refused",
  ]);
});

/** A sink that holds 100 messages at most, not yet opened. */
const smallSink = (url: string) =>
  new MqttSink(mqttSchema.parse({ url }), {
    pipeline: "front",
    folder: "/",
    log: () => {},
    delaysMs: [20, 50],
    outbox: new EventOutbox({ maxMessages: 100 }),
  });

/** Publishes events as fast as the sink lets it, three messages each. */
async function publishAll(sink: Sink, events: number): Promise<void> {
  const publisher = new Publisher(() => [sink], () => {});
  await publisher.open();
  for (let event = 0; event < events; event++) {
    await publisher.room(forever);
    const id = `${1763812801 + event}.000-fast00`;
    publisher.event(sampleEvent({ id, seq: 0 }));
    publisher.event(sampleEvent({ id, seq: 1, type: "update" }));
    publisher.event(sampleEvent({ id, seq: 2, type: "end", offset: 1763812802 }));
  }
  await publisher.delivered(forever);
  await publisher.close();
}

Deno.test("a producer that is faster than a slow link to the broker loses nothing", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/front/event");
  await using proxy = new TcpProxy(broker.port);
  proxy.bytesPerSecond = 200_000;
  const sink = smallSink(proxy.url);
  await publishAll(sink, 150);
  await eventually("all arrived", () => ear.heard.length === 450);
  const { accepted, acknowledged, dropped } = sink.counters();
  assert.deepEqual([accepted, acknowledged, dropped], [450, 450, 0]);
});

Deno.test("a producer waits for a broker that is away, and loses nothing", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/front/event");
  await using proxy = new TcpProxy(broker.port);
  proxy.closed = true;
  const sink = smallSink(proxy.url);
  const publishing = publishAll(sink, 200);
  await eventually("it waits", () => sink.counters().waiting >= 50);
  proxy.closed = false;
  await publishing;
  await eventually("all arrived", () => ear.heard.length === 600);
  assert.equal(sink.counters().dropped, 0);
});
