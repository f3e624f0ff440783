import assert from "node:assert/strict";
import { decodeEvent } from "../../../src/events/event_json.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { keepLog, openSink } from "../../support/open_sink.ts";
import { sampleEvent } from "../../support/sample_event.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

const running = { state: "running", since: 1763812800, reason: null } as const;

Deno.test("everything a pipeline says arrives on its topic", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "#");
  const { log, lines } = keepLog();
  const sink = await openSink({ url: broker.url, prefix: "lab/w", heatmap: true }, { log });
  const event = sampleEvent();
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 255]);
  sink.state(running);
  sink.active("sound", true);
  sink.event(event);
  await ear.until("lab/w/front/sound", "ON");
  sink.stats({ frames: 3 });
  sink.heatmap("speech", png);
  sink.active("sound", false);
  await sink.close();
  await ear.until("lab/w/available", "offline");

  assert.deepEqual(ear.on("lab/w/available"), ["online", "offline"]);
  assert.deepEqual(ear.on("lab/w/front/event").map(decodeEvent), [event]);
  assert.deepEqual(ear.on("lab/w/front/sound"), ["ON", "OFF"]);
  assert.deepEqual(ear.on("lab/w/front/state").map((text) => JSON.parse(text)), [running]);
  assert.deepEqual(ear.on("lab/w/front/stats"), ['{"frames":3}']);
  const [heatmap] = ear.heard.filter(({ topic }) => topic === "lab/w/front/heatmap/speech");
  assert.deepEqual(new Uint8Array(heatmap.payload), png);
  const [heard] = ear.heard.filter(({ topic }) => topic === "lab/w/front/event");
  assert.equal(heard.qos, 1);
  assert.deepEqual(lines, [`info: Connected to ${broker.url} (MQTT 5)`]);
  assert.deepEqual(sink.counters(), {
    accepted: 1,
    sent: 1,
    acknowledged: 1,
    refused: 0,
    waiting: 0,
    dropped: 0,
    replaced: 0,
    failures: 0,
  });
});

Deno.test("who comes later finds availability, state and activity retained, and no event", async () => {
  await using broker = await Mosquitto.start();
  const sink = await openSink({ url: broker.url, qos: 0 });
  await using early = await MqttListener.connect(broker.url, "whence/#");
  sink.state(running);
  sink.active("speech", true);
  sink.event(sampleEvent());
  await early.until("whence/front/speech", "ON");
  await eventually("the event", () => early.on("whence/front/event").length === 1);
  await using late = await MqttListener.connect(broker.url, "whence/#");
  await late.until("whence/front/speech", "ON");
  await late.until("whence/available", "online");
  await eventually("the state", () => late.on("whence/front/state").length === 1);
  assert.ok(late.heard.every(({ retain }) => retain));
  assert.deepEqual(late.on("whence/front/event"), []);
  await sink.close();
});

Deno.test("heat maps go nowhere unless they were asked for", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  const sink = await openSink({ url: broker.url });
  await ear.until("whence/available", "online");
  sink.heatmap("sound", new Uint8Array([1]));
  sink.active("sound", true);
  await sink.close();
  await ear.until("whence/available", "offline");
  assert.deepEqual(ear.on("whence/front/heatmap/sound"), []);
});

Deno.test("of values that come faster than the broker answers the newest wins", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/front/state");
  const sink = await openSink({ url: broker.url });
  for (let since = 0; since < 100; since++) sink.state({ ...running, since });
  await sink.close();
  const since = ear.on("whence/front/state").map((text) => JSON.parse(text).since);
  assert.equal(since.at(-1), 99);
  assert.equal(since.length + sink.counters().replaced, 100);
});

Deno.test("a pipeline is switched by its set topic, and only by valid payloads", async () => {
  await using broker = await Mosquitto.start();
  const { log, lines } = keepLog();
  const wishes: boolean[] = [];
  const sink = await openSink({ url: broker.url }, { log, onSet: (on) => wishes.push(on) });
  await using mouth = await MqttListener.connect(broker.url, "whence/#");
  await mouth.until("whence/available", "online");
  // The subscription may still be on its way.
  await eventually("the first wish", async () => {
    await mouth.say("whence/front/set", '{"enabled": false}');
    return wishes.length > 0;
  });
  wishes.length = 0;
  lines.length = 0;
  await mouth.say("whence/front/set", "off\nnow");
  await mouth.say("whence/back/set", '{"enabled": false}');
  await mouth.say("whence/front/set", '{"enabled": true}');
  await eventually("the last wish", () => wishes.includes(true));
  assert.equal(wishes.filter((wish) => wish).length, 1);
  assert.deepEqual(lines, [
    'warning: Cannot obey whence/front/set: payload must be {"enabled": true} or {"enabled": false}, got "off\\nnow"',
  ]);
  await sink.close();
});

Deno.test("two pipelines share one connection and one availability", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "#");
  const { log, lines } = keepLog();
  const heard: string[] = [];
  const [front, back] = await Promise.all(
    ["front", "back"].map((pipeline) =>
      openSink({ url: broker.url }, { pipeline, log, onSet: () => heard.push(pipeline) })
    ),
  );
  front.event(sampleEvent());
  back.event(sampleEvent({ pipeline: "back" }));
  await eventually("both events", () => ear.heard.filter((m) => m.qos === 1).length >= 3);
  await front.close();
  back.event(sampleEvent({ pipeline: "back", seq: 1 }));
  await eventually("back goes on", () => ear.on("whence/back/event").length === 2);
  await eventually("back obeys", async () => {
    await ear.say("whence/back/set", '{"enabled": true}');
    return heard.length > 0;
  });
  assert.deepEqual(ear.on("whence/available"), ["online"]);
  await back.close();
  await ear.until("whence/available", "offline");
  assert.deepEqual(ear.on("whence/available"), ["online", "offline"]);
  assert.equal(lines.filter((line) => line.includes("Connected")).length, 1);
  assert.ok(heard.every((name) => name === "back"));
});

Deno.test("a pipeline that starts while the last one stops waits, and ends up online", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  const first = await openSink({ url: proxy.url }, { drainMs: 0 });
  await ear.until("whence/available", "online");
  proxy.deaf = true;
  const closing = first.close().then(() => assert.equal(proxy.connections, 1));
  await ear.until("whence/available", "offline");
  proxy.deaf = false;
  const second = await openSink({ url: proxy.url }, { pipeline: "back" });
  await closing;
  second.event(sampleEvent({ pipeline: "back" }));
  await eventually("the event", () => ear.on("whence/back/event").length === 1);
  assert.equal(ear.on("whence/available").at(-1), "online");
  await second.close();
});

Deno.test("an offline that comes late or from another process is put right", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/available");
  const sink = await openSink({ url: broker.url });
  await ear.until("whence/available", "online");
  await eventually("online again", async () => {
    await ear.client.publishAsync("whence/available", "offline", { qos: 1, retain: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    return ear.on("whence/available").at(-1) === "online";
  });
  await using late = await MqttListener.connect(broker.url, "whence/available");
  await late.until("whence/available", "online");
  await sink.close();
  await late.until("whence/available", "offline");
  assert.deepEqual(late.on("whence/available"), ["online", "offline"]);
});

Deno.test("many pipelines keep to the few unanswered messages that a broker takes", async () => {
  await using broker = await Mosquitto.start({ listener: ["max_inflight_messages 2"] });
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, "whence/+/event");
  const names = ["a", "b", "c", "d"];
  const sinks = await Promise.all(
    names.map((pipeline) => openSink({ url: proxy.url }, { pipeline, drainMs: 30_000 })),
  );
  sinks[0].event(sampleEvent({ pipeline: "a", seq: 0 }));
  await eventually("the first", () => sinks[0].counters().acknowledged === 1);
  proxy.deaf = true;
  for (let seq = 1; seq < 100; seq++) {
    sinks.forEach((sink, i) => sink.event(sampleEvent({ pipeline: names[i], seq })));
  }
  await eventually("those that are allowed", () => ear.heard.length === 3);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(ear.heard.length, 3);
  proxy.cut();
  proxy.deaf = false;
  await Promise.all(sinks.map((sink) => sink.close()));
  await eventually("all events", () => new Set(ear.heard.map(({ text }) => text)).size === 397);
  for (const name of names) {
    const seqs = new Set(ear.on(`whence/${name}/event`).map((text) => decodeEvent(text).seq));
    const start = name === "a" ? 0 : 1;
    assert.deepEqual([...seqs], Array.from({ length: 100 - start }, (_, i) => start + i));
  }
});

Deno.test("events that the broker refuses are counted and told once, and do not block", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/acl`, "topic readwrite whence/available\n");
  await using broker = await Mosquitto.start({ listener: [`acl_file ${folder}/acl`] });
  const { log, lines } = keepLog();
  const sink = await openSink({ url: broker.url }, { log });
  for (let seq = 0; seq < 40; seq++) sink.event(sampleEvent({ seq }));
  await sink.close();
  const { accepted, refused, waiting } = sink.counters();
  assert.deepEqual({ accepted, refused, waiting }, { accepted: 40, refused: 40, waiting: 0 });
  assert.equal(lines.filter((line) => line.includes("refuses events")).length, 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a broker that is not there harms nobody, and is told of once", async () => {
  const { log, lines } = keepLog();
  const port = freePort();
  const sink = await openSink({ url: `mqtt://me:s3cret@127.0.0.1:${port}` }, {
    log,
    delaysMs: [1],
    drainMs: 50,
  });
  sink.state(running);
  for (let seq = 0; seq < 3; seq++) sink.event(sampleEvent({ seq }));
  await eventually("several attempts", () => sink.counters().failures > 3);
  await sink.close();
  const { accepted, dropped, waiting, sent } = sink.counters();
  assert.deepEqual({ accepted, dropped, waiting, sent }, {
    accepted: 3,
    dropped: 3,
    waiting: 0,
    sent: 0,
  });
  assert.deepEqual(lines, [
    `warning: Cannot reach mqtt://127.0.0.1:${port}: nobody listens there; trying again`,
    `warning: 3 events did not reach mqtt://127.0.0.1:${port}`,
  ]);
});
