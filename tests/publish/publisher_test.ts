import assert from "node:assert/strict";
import { publishSchema } from "../../src/publish/publish_schema.ts";
import { decodeEvent } from "../../src/events/event_json.ts";
import { PublishError } from "../../src/publish/publish_error.ts";
import { Publisher } from "../../src/publish/publisher.ts";
import type { Sink } from "../../src/publish/sink.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { openPublisher } from "../support/open_publisher.ts";
import { keepLog } from "../support/open_sink.ts";
import { decodeLine } from "../support/read_jsonl.ts";
import { sampleEvent } from "../support/sample_event.ts";

const running = { state: "running", since: 1763812800, reason: null } as const;

/** A sink that records the calls, and throws in all of them while `fails` is set. */
class Recorder implements Sink {
  readonly takesPictures = true;
  readonly calls: string[] = [];
  readonly name: string;
  fails: boolean;

  constructor(name: string, fails: boolean) {
    this.name = name;
    this.fails = fails;
  }

  #call(name: string): void {
    this.calls.push(name);
    if (this.fails) throw new Error("broken");
  }

  open = () => Promise.try(() => this.#call("open"));
  close = () => Promise.try(() => this.#call("close"));
  event = () => this.#call("event");
  state: Sink["state"] = () => this.#call("state");
  active = () => this.#call("active");
  stats = () => this.#call("stats");
  picture = () => this.#call("picture");
  complaint = () => this.fails ? `${this.name} is broken` : undefined;
  dropped = 0;
  counters = () => ({
    accepted: 0,
    sent: 0,
    acknowledged: 0,
    waiting: 0,
    dropped: this.dropped,
    refused: 0,
    oversized: 0,
    replaced: 0,
    failures: 0,
  });
}

const picture = () =>
  Promise.resolve({
    data: new Uint8Array([1]),
    contentType: "image/jpeg",
    width: 1,
    height: 1,
  });

Deno.test("a sink that fails at everything harms neither the caller nor the others", async () => {
  const { log, lines } = keepLog();
  const [bad, good] = [new Recorder("bad", true), new Recorder("good", false)];
  const publisher = new Publisher(() => [bad, good], log);
  await publisher.open();
  publisher.state(running);
  publisher.active("sound", true);
  publisher.event(sampleEvent(), picture);
  await eventually("the picture", () => good.calls.includes("picture"));
  bad.fails = false;
  publisher.active("sound", false);
  bad.fails = true;
  publisher.active("sound", true);
  await publisher.close();
  publisher.event(sampleEvent(), picture);
  await publisher.close();
  const all = ["open", "state", "active", "event", "picture", "active", "active", "close"];
  assert.deepEqual(bad.calls, all);
  assert.deepEqual(good.calls, all);
  assert.equal(publisher.counters().bad.failures, 7);
  assert.equal(publisher.counters().good.failures, 0);
  assert.deepEqual(lines, ["warning: bad: broken", "warning: bad: broken"]);
});

Deno.test("picturesDone waits for a picture that is being drawn", async () => {
  const sink = new Recorder("good", false);
  const publisher = new Publisher(() => [sink], () => {});
  await publisher.open();
  const gate = Promise.withResolvers<void>();
  publisher.event(sampleEvent(), () => gate.promise.then(picture));
  const done = publisher.picturesDone().then(() =>
    publisher.state({ ...running, state: "stopped" })
  );
  gate.resolve();
  await done;
  await publisher.close();
  assert.deepEqual(sink.calls, ["open", "event", "picture", "state", "close"]);
});

Deno.test("if no sink can be opened, open fails in one line and closes them all", async () => {
  const { log, lines } = keepLog();
  const sinks = [new Recorder("one", true), new Recorder("two", true)];
  await assert.rejects(new Publisher(() => sinks, log).open(), (error) => {
    assert.ok(error instanceof PublishError);
    assert.equal(error.message, "broken; broken");
    assert.deepEqual(error.path, ["publish"]);
    return true;
  });
  assert.deepEqual(sinks.map(({ calls }) => calls), [["open", "close"], ["open", "close"]]);
  const [only] = [new Recorder("only", true)];
  await assert.rejects(new Publisher(() => [only], () => {}).open(), { path: ["publish", "only"] });
  assert.deepEqual(lines, ["warning: one: broken", "warning: two: broken"]);
});

Deno.test("a sink that does not deliver is a complaint in state, with the events lost", async () => {
  const [bad, good] = [new Recorder("bad", true), new Recorder("good", false)];
  const states: (string | null)[] = [];
  good.state = ({ reason }) => void states.push(reason);
  bad.state = ({ reason }) => assert.ok(!reason?.includes("bad is broken"));
  const publisher = new Publisher(() => [bad, good], () => {});
  await publisher.open();
  publisher.state(running);
  publisher.stats({});
  bad.dropped = 2;
  publisher.stats({});
  publisher.state({ ...running, reason: "no audio" });
  bad.fails = false;
  publisher.stats({});
  publisher.stats({});
  await publisher.close();
  assert.deepEqual(states, [
    "bad is broken",
    "bad is broken (2 events lost)",
    "no audio; bad is broken (2 events lost)",
    "no audio",
  ]);
});

Deno.test("a publisher can be opened again, with new sinks; counters go on", async () => {
  const made: Recorder[] = [];
  const publisher = new Publisher(() => {
    const sink = new Recorder("one", false);
    sink.dropped = 2;
    made.push(sink);
    return [sink];
  }, () => {});
  publisher.event(sampleEvent());
  for (let run = 1; run <= 2; run++) {
    await publisher.open();
    publisher.event(sampleEvent());
    assert.equal(publisher.counters().one.dropped, 2 * run);
    await publisher.close();
    assert.equal(publisher.counters().one.dropped, 2 * run);
  }
  assert.deepEqual(made.map(({ calls }) => calls.join()), ["open,event,close", "open,event,close"]);
});

Deno.test("an event that breaks the schema is not published, but counted and logged once", async () => {
  const { log, lines } = keepLog();
  const sink = new Recorder("good", false);
  const publisher = new Publisher(() => [sink], log);
  await publisher.open();
  publisher.event(sampleEvent({ score: NaN }));
  publisher.event(sampleEvent({ score: NaN }));
  publisher.event(sampleEvent());
  await publisher.close();
  assert.equal(publisher.invalidEvents, 2);
  assert.deepEqual(sink.calls, ["open", "event", "close"]);
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^warning: Cannot write event: score: /);
});

Deno.test("the sinks of a pipeline file get the same events; relative paths start at its folder", async () => {
  const folder = await Deno.makeTempDir();
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/front/event");
  const config = publishSchema.parse({
    mqtt: { url: broker.url, picture: true },
    jsonl: "out/events.jsonl",
  });
  const { publisher, urls } = await openPublisher(config, {
    pipeline: "front",
    folder,
    log: () => {},
  });
  assert.deepEqual(urls, [broker.url]);
  assert.ok(publisher.takesPictures);
  publisher.event(sampleEvent());
  await publisher.close();
  await eventually("the event", () => ear.heard.length === 1);
  const line = await Deno.readTextFile(`${folder}/out/events.jsonl`);
  assert.deepEqual(decodeLine(line).event, sampleEvent());
  assert.deepEqual(decodeEvent(ear.heard[0].text), sampleEvent());
  assert.deepEqual(Object.keys(publisher.counters()), ["mqtt", "jsonl"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a file is written although the port of an embedded broker is taken", async () => {
  const folder = await Deno.makeTempDir();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { log, lines } = keepLog();
  const { port } = taken.addr;
  const config = publishSchema.parse({ mqtt: { url: `embedded:${port}` }, jsonl: "e.jsonl" });
  const { publisher } = await openPublisher(config, { pipeline: "front", folder, log });
  publisher.event(sampleEvent());
  await publisher.close();
  assert.equal((await Deno.readTextFile(`${folder}/e.jsonl`)).split("\n").length, 2);
  assert.deepEqual(lines, [
    `warning: mqtt: Cannot start the embedded broker on 127.0.0.1:${port}: the port is in use by another process`,
    `warning: 1 event messages did not reach embedded:${port}`,
  ]);
  assert.equal(publisher.counters().mqtt.dropped, 1);
  taken.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("pipelines with an embedded broker share it, and it stops with the last of them", async () => {
  const url = `embedded:${freePort()}`;
  const config = publishSchema.parse({ mqtt: { url } });
  const options = { folder: ".", log: () => {} };
  const [front, back] = await Promise.all(
    ["front", "back"].map((pipeline) => openPublisher(config, { ...options, pipeline })),
  );
  assert.deepEqual(front.urls, back.urls);
  await using ear = await MqttListener.connect(front.urls[0], "whence/#");
  front.publisher.event(sampleEvent());
  await eventually("an event", () => ear.on("whence/front/event").length === 1);
  await front.publisher.close();
  back.publisher.event(sampleEvent());
  await eventually("another", () => ear.on("whence/back/event").length === 1);
  await back.publisher.close();
  assert.deepEqual(ear.on("whence/front/available"), ["online", "offline"]);
  await assert.rejects(
    Deno.connect({ port: Number(url.split(":")[1]), hostname: "127.0.0.1" }),
    Deno.errors.ConnectionRefused,
  );
});
