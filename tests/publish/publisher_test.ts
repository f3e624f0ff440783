import assert from "node:assert/strict";
import { publishSchema } from "../../src/publish/publish_schema.ts";
import { decodeEvent } from "../../src/events/event_json.ts";
import { Publisher } from "../../src/publish/publisher.ts";
import type { Sink } from "../../src/publish/sink.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { openPublisher } from "../support/open_publisher.ts";
import { keepLog } from "../support/open_sink.ts";
import { sampleEvent } from "../support/sample_event.ts";

const running = { state: "running", since: 1763812800, reason: null } as const;

/** A sink that writes down the calls, and fails at them all when told to. */
class Recorder implements Sink {
  readonly wantsHeatmap = true;
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
  state = () => this.#call("state");
  active = () => this.#call("active");
  stats = () => this.#call("stats");
  heatmap = () => this.#call("heatmap");
  counters = () => ({
    accepted: 0,
    sent: 0,
    acknowledged: 0,
    waiting: 0,
    dropped: 0,
    refused: 0,
    replaced: 0,
    failures: 0,
  });
}

Deno.test("a sink that fails at everything harms neither the caller nor the others", async () => {
  const { log, lines } = keepLog();
  const [bad, good] = [new Recorder("bad", true), new Recorder("good", false)];
  const publisher = new Publisher([bad, good], log);
  await publisher.open();
  publisher.event(sampleEvent());
  publisher.state(running);
  publisher.active("sound", true);
  publisher.stats({});
  publisher.heatmap("speech", new Uint8Array());
  bad.fails = false;
  publisher.stats({});
  bad.fails = true;
  publisher.stats({});
  await publisher.close();
  publisher.event(sampleEvent());
  await publisher.close();
  const all = ["open", "event", "state", "active", "stats", "heatmap", "stats", "stats", "close"];
  assert.deepEqual(bad.calls, all);
  assert.deepEqual(good.calls, all);
  assert.equal(publisher.counters().bad.failures, 8);
  assert.equal(publisher.counters().good.failures, 0);
  assert.deepEqual(lines, ["warning: bad: broken", "warning: bad: broken"]);
});

Deno.test("an event that breaks the schema goes nowhere, is counted and told once", async () => {
  const { log, lines } = keepLog();
  const sink = new Recorder("good", false);
  const publisher = new Publisher([sink], log);
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

Deno.test("a pipeline file's sinks get the same events; relative files start from its folder", async () => {
  const folder = await Deno.makeTempDir();
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/front/event");
  const config = publishSchema.parse({
    mqtt: { url: broker.url, heatmap: true },
    jsonl: "out/events.jsonl",
  });
  const { publisher, urls } = await openPublisher(config, {
    pipeline: "front",
    folder,
    log: () => {},
  });
  assert.deepEqual(urls, [broker.url]);
  assert.ok(publisher.wantsHeatmap);
  publisher.event(sampleEvent());
  await publisher.close();
  await eventually("the event", () => ear.heard.length === 1);
  const line = await Deno.readTextFile(`${folder}/out/events.jsonl`);
  assert.equal(line, ear.heard[0].text + "\n");
  assert.deepEqual(decodeEvent(line), sampleEvent());
  assert.deepEqual(Object.keys(publisher.counters()), ["mqtt", "jsonl"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("an embedded broker whose port is taken does not keep the file from being written", async () => {
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
    `warning: mqtt: Cannot start the embedded broker on port ${port}: somebody else listens there`,
    `warning: 1 events did not reach embedded:${port}`,
  ]);
  assert.equal(publisher.counters().mqtt.dropped, 1);
  taken.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("pipelines with an embedded broker share it, and it goes with the last of them", async () => {
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
  assert.deepEqual(ear.on("whence/available"), ["online", "offline"]);
  await assert.rejects(
    Deno.connect({ port: Number(url.split(":")[1]), hostname: "127.0.0.1" }),
    Deno.errors.ConnectionRefused,
  );
});
