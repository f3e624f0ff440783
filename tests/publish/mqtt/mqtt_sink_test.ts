import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { decodeEvent } from "../../../src/events/event_json.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { keepLog, openSink } from "../../support/open_sink.ts";
import { sampleMessage, samplePicture } from "../../support/sample_message.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

const running = { state: "running", since: 1763812800, reason: null } as const;

Deno.test("everything that a pipeline publishes arrives on its topic", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "#");
  const { log, lines } = keepLog();
  const sink = await openSink({ url: broker.url, prefix: "lab/w", picture: true }, { log });
  const { event, line } = sampleMessage();
  const jpeg = new Uint8Array([0xff, 0xd8, 0, 255]);
  sink.state(running);
  sink.active("sound", true);
  sink.event({ event, line });
  await ear.until("lab/w/front/sound", "ON");
  sink.stats({ frames: 3 });
  sink.picture(samplePicture(jpeg, { kind: "speech" }));
  sink.active("sound", false);
  await sink.close();
  await ear.until("lab/w/front/available", "offline");

  assert.deepEqual(ear.on("lab/w/front/available"), ["online", "offline"]);
  assert.deepEqual(ear.on("lab/w/front/event").map(decodeEvent), [event]);
  assert.deepEqual(ear.on("lab/w/front/sound"), ["ON", "OFF"]);
  assert.deepEqual(ear.on("lab/w/front/state").map((text) => JSON.parse(text)), [running]);
  assert.deepEqual(ear.on("lab/w/front/stats"), ['{"frames":3}']);
  const [picture] = ear.heard.filter(({ topic }) => topic === "lab/w/front/picture/speech");
  assert.deepEqual(new Uint8Array(picture.payload), jpeg);
  const [heard] = ear.heard.filter(({ topic }) => topic === "lab/w/front/event");
  assert.equal(heard.qos, 1);
  assert.deepEqual(lines, [`info: Connected to ${broker.url} (MQTT 5)`]);
  assert.deepEqual(sink.counters(), {
    accepted: 1,
    sent: 1,
    acknowledged: 1,
    refused: 0,
    stored: 0,
    waiting: 0,
    dropped: 0,
    oversized: 0,
    replaced: 0,
    failures: 0,
  });
});

Deno.test("availability, state and activity are retained, events are not", async () => {
  await using broker = await Mosquitto.start();
  const sink = await openSink({ url: broker.url, qos: 0 });
  await using early = await MqttListener.connect(broker.url, "whence/#");
  sink.state(running);
  sink.active("speech", true);
  sink.event(sampleMessage());
  await early.until("whence/front/speech", "ON");
  await eventually("the event", () => early.on("whence/front/event").length === 1);
  await using late = await MqttListener.connect(broker.url, "whence/#");
  await late.until("whence/front/speech", "ON");
  await late.until("whence/front/available", "online");
  await eventually("the state", () => late.on("whence/front/state").length === 1);
  assert.ok(late.heard.every(({ retain }) => retain));
  assert.deepEqual(late.on("whence/front/event"), []);
  await sink.close();
});

Deno.test("pictures are not published unless picture is set", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  const sink = await openSink({ url: broker.url });
  await ear.until("whence/front/available", "online");
  assert.ok(!sink.takesPictures);
  sink.picture(samplePicture(new Uint8Array([1])));
  sink.active("sound", true);
  await sink.close();
  await ear.until("whence/front/available", "offline");
  assert.deepEqual(ear.on("whence/front/picture/sound"), []);
});

Deno.test("the newest of values that come faster than the broker acknowledges wins", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/front/state");
  const sink = await openSink({ url: broker.url });
  for (let since = 0; since < 100; since++) sink.state({ ...running, since });
  await sink.close();
  const since = ear.on("whence/front/state").map((text) => JSON.parse(text).since);
  assert.equal(since.at(-1), 99);
  assert.equal(since.length + sink.counters().replaced, 100);
});

Deno.test("a pipeline is switched by valid messages on its set topic only", async () => {
  await using broker = await Mosquitto.start();
  const { log, lines } = keepLog();
  const wishes: boolean[] = [];
  const sink = await openSink({ url: broker.url }, { log, onSet: (on) => wishes.push(on) });
  await using mouth = await MqttListener.connect(broker.url, "whence/#");
  await mouth.until("whence/front/available", "online");
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
    'warning: Ignored a message on whence/front/set: payload must be {"enabled": true} or {"enabled": false}, got "off\\nnow"',
  ]);
  await sink.close();
});

Deno.test("two pipelines of a process each have a connection and an availability", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "#");
  const { log, lines } = keepLog();
  const heard: string[] = [];
  // One client id for both would make them disconnect each other.
  const block = { url: broker.url, client_id: "robot" };
  const [front, back] = await Promise.all(
    ["front", "back"].map((pipeline) =>
      openSink(block, { pipeline, log, onSet: () => heard.push(pipeline) })
    ),
  );
  front.event(sampleMessage());
  back.event(sampleMessage({ pipeline: "back" }));
  await eventually("both events", () => ear.heard.filter((m) => m.qos === 1).length >= 3);
  await front.close();
  await ear.until("whence/front/available", "offline");
  back.event(sampleMessage({ pipeline: "back", seq: 1 }));
  await eventually("back goes on", () => ear.on("whence/back/event").length === 2);
  await eventually("back is switched", async () => {
    await ear.say("whence/back/set", '{"enabled": true}');
    return heard.length > 0;
  });
  assert.deepEqual(ear.on("whence/back/available"), ["online"]);
  await back.close();
  await ear.until("whence/back/available", "offline");
  assert.deepEqual(ear.on("whence/front/available"), ["online", "offline"]);
  assert.deepEqual(lines, Array(2).fill(`info: Connected to ${broker.url} (MQTT 5)`));
  assert.ok(heard.every((name) => name === "back"));
});

Deno.test("a pipeline that starts while it still stops waits, and is online in the end", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  const first = await openSink({ url: proxy.url }, { drainMs: 0 });
  await ear.until("whence/front/available", "online");
  proxy.deaf = true;
  const closing = first.close().then(() => assert.equal(proxy.connections, 1));
  await ear.until("whence/front/available", "offline");
  proxy.deaf = false;
  const second = await openSink({ url: proxy.url });
  await closing;
  second.event(sampleMessage());
  await eventually("the event", () => ear.on("whence/front/event").length === 1);
  assert.equal(ear.on("whence/front/available").at(-1), "online");
  await second.close();
});

Deno.test("an offline that comes late or from another process is corrected", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/front/available");
  const sink = await openSink({ url: broker.url });
  await ear.until("whence/front/available", "online");
  await eventually("online again", async () => {
    await ear.client.publishAsync("whence/front/available", "offline", { qos: 1, retain: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    return ear.on("whence/front/available").at(-1) === "online";
  });
  await using late = await MqttListener.connect(broker.url, "whence/front/available");
  await late.until("whence/front/available", "online");
  await sink.close();
  await late.until("whence/front/available", "offline");
  assert.deepEqual(late.on("whence/front/available"), ["online", "offline"]);
});

Deno.test("each of many pipelines respects the Receive Maximum of a broker", async () => {
  await using broker = await Mosquitto.start({ listener: ["max_inflight_messages 2"] });
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, "whence/+/event");
  const names = ["a", "b", "c", "d"];
  const sinks = await Promise.all(
    names.map((pipeline) => openSink({ url: proxy.url }, { pipeline, drainMs: 30_000 })),
  );
  sinks[0].event(sampleMessage({ pipeline: "a", seq: 0 }));
  await eventually("the first", () => sinks[0].counters().acknowledged === 1);
  proxy.deaf = true;
  for (let seq = 1; seq < 100; seq++) {
    sinks.forEach((sink, i) => sink.event(sampleMessage({ pipeline: names[i], seq })));
  }
  await eventually("those that are allowed", () => ear.heard.length === 9);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(ear.heard.length, 9);
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

Deno.test("events that the broker refuses are counted, logged once, and block nothing", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/acl`, "topic readwrite whence/front/available\n");
  await using broker = await Mosquitto.start({ listener: [`acl_file ${folder}/acl`] });
  const { log, lines } = keepLog();
  const sink = await openSink({ url: broker.url }, { log });
  for (let seq = 0; seq < 40; seq++) sink.event(sampleMessage({ seq }));
  await sink.close();
  const { accepted, refused, waiting } = sink.counters();
  assert.deepEqual({ accepted, refused, waiting }, { accepted: 40, refused: 40, waiting: 0 });
  assert.equal(lines.filter((line) => line.includes("refuses events")).length, 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a broker that is unavailable is logged once", async () => {
  const { log, lines } = keepLog();
  const port = freePort();
  const sink = await openSink({ url: `mqtt://me:s3cret@127.0.0.1:${port}` }, {
    log,
    delaysMs: [1],
    drainMs: 50,
  });
  sink.state(running);
  for (let seq = 0; seq < 3; seq++) sink.event(sampleMessage({ seq }));
  await eventually("several attempts", () => sink.counters().failures > 3);
  const complaint = `Cannot connect to mqtt://127.0.0.1:${port}: connection refused`;
  assert.equal(sink.complaint(), complaint);
  await sink.close();
  assert.equal(sink.complaint(), complaint);
  const { accepted, dropped, waiting, sent } = sink.counters();
  assert.deepEqual({ accepted, dropped, waiting, sent }, {
    accepted: 3,
    dropped: 3,
    waiting: 0,
    sent: 0,
  });
  assert.deepEqual(lines, [
    `warning: Cannot connect to mqtt://127.0.0.1:${port}: connection refused; retrying`,
    `warning: 3 event messages did not reach mqtt://127.0.0.1:${port}`,
  ]);
});

Deno.test("a flood of invalid set messages is a few log lines, without control characters", async () => {
  await using broker = await Mosquitto.start();
  const { log, lines } = keepLog();
  const switched: boolean[] = [];
  const sink = await openSink({ url: broker.url }, { log, onSet: (on) => switched.push(on) });
  await using mouth = await MqttListener.connect(broker.url, "none");
  const say = (payload: string) => mouth.say("whence/front/set", payload);
  await eventually("it is subscribed", async () => {
    await say('{"enabled": true}');
    return switched.length > 0;
  });
  lines.length = 0;
  switched.length = 0;
  for (let i = 0; i < 300; i++) await say(`\x1b[2J\x9b1m\u202e${i}`);
  await say('{"enabled": false}');
  await eventually("the last one", () => switched.includes(false));
  await sink.close();
  // Every 10 s one, and one at the end.
  assert.ok(lines.length >= 2 && lines.length <= 20, `${lines.length} lines`);
  assert.match(
    lines[0],
    /Ignored a message on whence\/front\/set: .*\\u001b\[2J\\u009b1m\\u202e0"$/,
  );
  assert.match(lines.at(-1)!, /^warning: Similar warnings not shown: \d+$/);
  // deno-lint-ignore no-control-regex
  assert.ok(lines.every((line) => !/[\x00-\x1f\x7f-\x9f\u202e]/.test(line)));
});

Deno.test("a picture follows its event, with its id as user property and as JSON", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, "whence/front/#", {
    protocolVersion: 5,
  });
  const sink = await openSink({ url: proxy.url, picture: true });
  sink.event(sampleMessage({ seq: 0 }));
  await eventually("the first event", () => sink.counters().acknowledged === 1);
  proxy.deaf = true;
  sink.event(sampleMessage({ seq: 1 }));
  sink.picture(samplePicture(new Uint8Array([1]), { seq: 1 }));
  sink.picture(samplePicture(new Uint8Array([2]), { seq: 1 }));
  await eventually("the second event", () => ear.on("whence/front/event").length === 2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(ear.on("whence/front/picture/sound"), []);
  proxy.deaf = false;
  proxy.cut();
  await eventually("the info", () => ear.on("whence/front/picture/sound/info").length === 1);
  await sink.close();
  const [picture] = ear.heard.filter(({ topic }) => topic === "whence/front/picture/sound");
  const { id, header: { stamp } } = sampleMessage().event;
  assert.deepEqual([...picture.payload], [2]);
  assert.equal(picture.properties?.contentType, "image/jpeg");
  assert.deepEqual({ ...picture.properties?.userProperties }, {
    id,
    type: "new",
    seq: "1",
    time: "1763812801.984000123",
  });
  assert.deepEqual(JSON.parse(ear.on("whence/front/picture/sound/info")[0]), {
    id,
    type: "new",
    seq: 1,
    stamp,
    content_type: "image/jpeg",
    width: 640,
    height: 360,
    bytes: 1,
  });
  const topics = ear.heard.map(({ topic }) => topic.replace("whence/front/", ""))
    .filter((topic) => topic !== "available");
  assert.deepEqual(topics.slice(-2), ["picture/sound", "picture/sound/info"]);
  assert.equal(sink.counters().replaced, 1);
});

Deno.test("messages larger than the broker accepts are left out and counted", async () => {
  await using broker = await Mosquitto.start({ listener: ["max_packet_size 2000"] });
  await using ear = await MqttListener.connect(broker.url, "whence/front/#");
  const { log, lines } = keepLog();
  const sink = await openSink({ url: broker.url, picture: true }, { log });
  const zones = (length: number) => ({ zones: ["z".repeat(length)] });
  sink.event(sampleMessage({ seq: 0 }));
  sink.event(sampleMessage({ seq: 1, ...zones(3_000) }));
  sink.event(sampleMessage({ seq: 2, ...zones(3_000) }));
  sink.event(sampleMessage({ seq: 3 }));
  await eventually("all were handled", () => sink.counters().waiting === 0);
  sink.picture(samplePicture(new Uint8Array(3_000)));
  sink.picture(samplePicture(new Uint8Array(10), { kind: "speech" }));
  await eventually("a picture", () => ear.on("whence/front/picture/speech").length === 1);
  await sink.close();
  assert.deepEqual(ear.on("whence/front/event").map((text) => decodeEvent(text).seq), [0, 3]);
  assert.deepEqual(ear.on("whence/front/picture/sound"), []);
  const { accepted, acknowledged, refused, oversized, failures } = sink.counters();
  assert.deepEqual({ accepted, acknowledged, refused, oversized, failures }, {
    accepted: 4,
    acknowledged: 2,
    refused: 2,
    oversized: 3,
    failures: 0,
  });
  const warnings = lines.filter((line) => line.startsWith("warning"));
  assert.equal(warnings.length, 2, warnings.join("\n"));
  assert.match(
    warnings[0],
    /refuses events on .*: a message must have at most 2000 bytes, got \d+$/,
  );
  assert.match(
    warnings[1],
    /Cannot publish to whence\/front\/picture\/sound: .* at most 2000 bytes/,
  );
});

Deno.test("a retained command is obeyed once, and again only if it changes", async () => {
  await using broker = await Mosquitto.start({ persistent: true });
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, "whence/front/set");
  const off = '{"enabled": false}';
  const on = '{"enabled": true}';
  await ear.client.publishAsync("whence/front/set", off, { qos: 1, retain: true });
  const obeyed: boolean[] = [];
  const sink = await openSink({ url: proxy.url }, { onSet: (enabled) => obeyed.push(enabled) });
  await eventually("the retained one", () => obeyed.length === 1);
  await ear.say("whence/front/set", on);
  await eventually("a later one", () => obeyed.length === 2);
  proxy.cut();
  await eventually("connected again", () => proxy.connections >= 2);
  await eventually("one after the reconnect", async () => {
    // Those that come before it has subscribed again do not reach it.
    await ear.say("whence/front/set", on);
    return obeyed.length >= 3;
  });
  await sink.close();
  assert.deepEqual(obeyed.slice(0, 2), [false, true]);
  assert.ok(obeyed.slice(2).every((enabled) => enabled));
});

Deno.test("MQTT 5: messages say what they contain and when they expire, and a command is answered", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "#", { protocolVersion: 5 });
  const { log, lines } = keepLog();
  const obeyed: boolean[] = [];
  const block = { url: broker.url, outbox: { max_days: 2 } };
  const sink = await openSink(block, { log, onSet: (enabled) => obeyed.push(enabled) });
  await ear.until("whence/front/available", "online");
  sink.state({ state: "running", since: 1, reason: null });
  sink.event(sampleMessage());
  sink.stats({ hops: 1 });
  const ask = (payload: string, responseTopic: string) =>
    ear.client.publishAsync("whence/front/set", payload, {
      qos: 1,
      properties: { responseTopic, correlationData: Buffer.from("7") },
    });
  await ask('{"enabled": false}', "robot/answers");
  await ask("off", "robot/answers");
  await ask('{"enabled": true}', "whence/front/event");
  await eventually("all are obeyed", () => obeyed.length === 2);
  await sink.close();
  await ear.until("whence/front/available", "offline");
  const propertiesOf = (topic: string) => {
    const { contentType, messageExpiryInterval } =
      ear.heard.find((message) => message.topic === topic)?.properties ?? {};
    return [contentType, messageExpiryInterval];
  };
  const json = "application/json";
  assert.deepEqual(propertiesOf("whence/front/state"), [json, undefined]);
  const [type, expiry] = propertiesOf("whence/front/event");
  // The broker subtracts the time that it held the message.
  assert.ok(type === json && Number(expiry) > 172_700 && Number(expiry) <= 172_800);
  const stats = propertiesOf("whence/front/stats");
  assert.ok(stats[0] === json && Number(stats[1]) > 30);
  const answers = ear.heard.filter(({ topic }) => topic === "robot/answers");
  assert.deepEqual(JSON.parse(answers[0].text), { enabled: false });
  assert.match(JSON.parse(answers[1].text).error, /payload must be/);
  for (const { properties } of answers) {
    assert.deepEqual([properties?.contentType, String(properties?.correlationData)], [json, "7"]);
  }
  assert.equal(ear.on("whence/front/event").length, 1);
  assert.ok(lines.length === 2, lines.join("; "));
});
