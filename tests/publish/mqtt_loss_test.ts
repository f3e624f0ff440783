import assert from "node:assert/strict";
import { decodeEvent } from "../../src/events/event_json.ts";
import { EventOutbox } from "../../src/publish/outbox/event_outbox.ts";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { keepLog, openSink } from "../support/open_sink.ts";
import { sampleMessage, samplePicture } from "../support/sample_message.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";

const running = { state: "running", since: 1763812800, reason: null } as const;
const upTo = (end: number, start = 0) => Array.from({ length: end - start }, (_, i) => start + i);

/** The sequence numbers heard, and the same without repeats. */
function sequences(ear: MqttListener): { heard: number[]; once: number[] } {
  const heard = ear.on("whence/front/event").map((text) => decodeEvent(text).seq);
  return { heard, once: [...new Set(heard)] };
}

Deno.test("a broker's restart loses nothing and keeps the order", async () => {
  await using broker = await Mosquitto.start({ persistent: true });
  await using ear = await MqttListener.connect(broker.url, "whence/#", {
    clean: false,
    clientId: "ear",
  });
  const { log, lines } = keepLog();
  const sink = await openSink({ url: broker.url }, { log });
  sink.state(running);
  for (const seq of upTo(100)) sink.event(sampleMessage({ seq }));
  await eventually("some are there", () => sequences(ear).once.length > 20);
  await broker.stop();
  await eventually("the loss is noticed", () => lines.some((line) => line.includes("Lost")));
  for (const seq of upTo(300, 100)) sink.event(sampleMessage({ seq }));
  assert.ok(sink.counters().waiting >= 200);
  await broker.resume();
  await eventually("all were taken", () => sink.counters().waiting === 0);
  await eventually("all arrived", () => sequences(ear).once.length === 300);
  assert.deepEqual(sequences(ear).once, upTo(300));
  await using late = await MqttListener.connect(broker.url, "whence/#");
  await late.until("whence/front/available", "online");
  await late.until("whence/front/state", JSON.stringify(running));
  await sink.close();
  const { accepted, acknowledged, dropped } = sink.counters();
  assert.deepEqual({ accepted, acknowledged, dropped }, {
    accepted: 300,
    acknowledged: 300,
    dropped: 0,
  });
  assert.equal(lines.filter((line) => line.includes("Connected")).length, 2);
});

Deno.test("a broker without persistence gets all retained messages again", async () => {
  await using broker = await Mosquitto.start();
  const sink = await openSink({ url: broker.url });
  sink.state(running);
  sink.active("sound", true);
  sink.active("speech", true);
  sink.active("speech", false);
  sink.stats({ frames: 1 });
  await using early = await MqttListener.connect(broker.url, "whence/#");
  await early.until("whence/front/speech", "OFF");
  await broker.stop();
  await broker.resume();
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  await ear.until("whence/front/available", "online");
  await ear.until("whence/front/sound", "ON");
  await ear.until("whence/front/speech", "OFF");
  await ear.until("whence/front/state", JSON.stringify(running));
  await sink.close();
  assert.deepEqual(ear.on("whence/front/stats"), []);
});

Deno.test("messages that were not acknowledged are sent again with the same id and seq", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  const sink = await openSink({ url: proxy.url });
  await ear.until("whence/front/available", "online");
  sink.event(sampleMessage({ seq: 0 }));
  await eventually("the first is acknowledged", () => sink.counters().acknowledged === 1);
  proxy.deaf = true;
  for (const seq of upTo(50, 1)) sink.event(sampleMessage({ seq }));
  await eventually("what is allowed ahead arrived", () => sequences(ear).heard.length === 17);
  assert.equal(sink.counters().waiting, 49);
  proxy.cut();
  proxy.deaf = false;
  await eventually("all arrived", () => sequences(ear).once.length === 50);
  await sink.close();
  const { heard, once } = sequences(ear);
  assert.deepEqual(heard, [...upTo(17), ...upTo(50, 1)]);
  assert.deepEqual(once, upTo(50));
  const texts = ear.on("whence/front/event");
  assert.equal(new Set(texts).size, 50);
  const { sent, acknowledged } = sink.counters();
  assert.deepEqual({ sent, acknowledged }, { sent: 66, acknowledged: 50 });
});

Deno.test("a connection cut over and over loses nothing", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, "whence/front/event");
  const sink = await openSink({ url: proxy.url }, { delaysMs: [1] });
  let seq = 0;
  for (let round = 1; round <= 10; round++) {
    await eventually("connected again", () => proxy.connections >= round);
    while (seq < round * 40) sink.event(sampleMessage({ seq: seq++ }));
    await eventually("some arrived", () => sequences(ear).once.length > (round - 1) * 40);
    proxy.cut();
  }
  await eventually("all arrived", () => sequences(ear).once.length === 400);
  await sink.close();
  assert.deepEqual(sequences(ear).once, upTo(400));
  const { accepted, acknowledged, dropped } = sink.counters();
  assert.deepEqual({ accepted, acknowledged, dropped }, {
    accepted: 400,
    acknowledged: 400,
    dropped: 0,
  });
});

Deno.test("events that do not fit while the broker is unavailable are dropped whole, oldest first, counted and logged", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/front/event");
  await using proxy = new TcpProxy(broker.port);
  proxy.closed = true;
  const { log, lines } = keepLog();
  const sink = await openSink({ url: proxy.url }, {
    log,
    outbox: new EventOutbox({ maxMessages: 30 }),
  });
  const idOf = (event: number) => `${1763812801 + event}.234-a1b2c3`;
  for (const event of upTo(50)) {
    sink.event(sampleMessage({ id: idOf(event), seq: 0 }));
    sink.event(sampleMessage({ id: idOf(event), seq: 1, type: "end", offset: 1763812802 }));
  }
  assert.deepEqual([sink.counters().waiting, sink.counters().dropped], [30, 70]);
  proxy.closed = false;
  await eventually("the rest arrived", () => sequences(ear).heard.length === 30);
  await sink.close();
  const ids = ear.on("whence/front/event").map((text) => decodeEvent(text).id);
  assert.deepEqual(ids, upTo(50, 35).flatMap((event) => [idOf(event), idOf(event)]));
  const { accepted, acknowledged, dropped, waiting } = sink.counters();
  assert.deepEqual([accepted, acknowledged, dropped, waiting], [100, 30, 70, 0]);
  assert.deepEqual(lines.filter((line) => line.includes("dropped")), [
    "warning: 30 event messages wait for the broker, the limit: the oldest events are dropped",
    "warning: 70 event messages were dropped while the broker was unavailable",
  ]);
});

Deno.test("stats and pictures do not wait for an unavailable broker; state does", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  await using proxy = new TcpProxy(broker.port);
  proxy.closed = true;
  const sink = await openSink({ url: proxy.url, picture: true });
  sink.stats({ frames: 1 });
  sink.picture(samplePicture(new Uint8Array([1])));
  sink.state({ ...running, since: 1 });
  sink.state({ ...running, since: 2 });
  assert.equal(sink.counters().replaced, 3);
  proxy.closed = false;
  await ear.until("whence/front/state", JSON.stringify({ ...running, since: 2 }));
  await sink.close();
  await ear.until("whence/front/available", "offline");
  assert.deepEqual(
    ear.heard.map(({ topic }) => topic),
    ["whence/front/available", "whence/front/state", "whence/front/available"],
  );
});

Deno.test("two processes on one prefix: the broker publishes offline for the pipeline of the one that was killed", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  const script = new URL("killed_process.ts", import.meta.url).pathname;
  const [front, back] = ["front", "back"].map((pipeline) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, broker.url, "", pipeline],
      stdin: "null",
      stdout: "null",
    }).spawn()
  );
  for (const pipeline of ["front", "back"]) {
    await eventually("its event", () => ear.on(`whence/${pipeline}/event`).length === 1);
    assert.deepEqual(ear.on(`whence/${pipeline}/available`), ["online"]);
  }
  front.kill("SIGKILL");
  await front.status;
  await ear.until("whence/front/available", "offline");
  await using late = await MqttListener.connect(broker.url, "whence/+/available");
  await late.until("whence/front/available", "offline");
  await late.until("whence/back/available", "online");
  back.kill("SIGKILL");
  await back.status;
  await late.until("whence/back/available", "offline");
  assert.deepEqual(late.on("whence/front/available"), ["offline"]);
});
