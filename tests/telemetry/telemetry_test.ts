import assert from "node:assert/strict";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { TelemetryFeed } from "../../src/telemetry/feed.ts";
import type { TelemetryTopics } from "../../src/telemetry/topics.ts";

const STATE: TelemetryTopics["state"] = { state: "running", since: 1, reason: null };
const line = (message: string): TelemetryTopics["log"] => ({ timeMs: 0, level: "info", message });
const picture = (ptsNs: number): TelemetryTopics["picture"] => ({
  ptsNs,
  epochNs: BigInt(ptsNs),
  jpeg: new Uint8Array(),
});
const silent = () => {};

Deno.test("a topic is wanted while it has a listener", () => {
  const telemetry = new Telemetry(silent);
  assert.equal(telemetry.wants("maps"), false);
  const first = telemetry.listen(["maps", "event"], silent);
  const second = telemetry.listen(["maps"], silent);
  assert.equal(telemetry.wants("maps"), true);
  first[Symbol.dispose]();
  assert.deepEqual([telemetry.wants("maps"), telemetry.wants("event")], [true, false]);
  second[Symbol.dispose]();
  assert.equal(telemetry.wants("maps"), false);
});

Deno.test("a new listener gets the newest state at once, but no old pictures", () => {
  const telemetry = new Telemetry(silent);
  telemetry.tell("state", { ...STATE, state: "starting" });
  telemetry.tell("state", STATE);
  telemetry.tell("picture", picture(1));
  const received: unknown[] = [];
  telemetry.listen(["state", "picture", "log"], ({ message }) => received.push(message));
  assert.deepEqual(received, [STATE]);
});

Deno.test("a listener that throws is disconnected, the others are not", () => {
  const complaints: string[] = [];
  const telemetry = new Telemetry((_level, message) => void complaints.push(message));
  const received: unknown[] = [];
  telemetry.listen(["log"], () => {
    throw new Error("broken");
  });
  telemetry.listen(["log"], ({ message }) => received.push(message));
  telemetry.tell("log", line("a"));
  telemetry.tell("log", line("b"));
  assert.deepEqual(received, [line("a"), line("b")]);
  assert.equal(complaints.length, 1);
  assert.match(complaints[0], /listener of log failed and is disconnected: Error: broken/);
});

Deno.test("a slow reader gets the newest pictures and all events", async () => {
  const telemetry = new Telemetry(silent);
  const controller = new AbortController();
  using feed = new TelemetryFeed(telemetry, ["picture", "state"], { signal: controller.signal });
  for (let i = 0; i < 10; i++) telemetry.tell("picture", picture(i));
  telemetry.tell("state", STATE);
  controller.abort();
  const items = await Array.fromAsync(feed);
  assert.deepEqual(items.map(({ topic, message }) => topic === "picture" ? message.ptsNs : topic), [
    8,
    9,
    "state",
  ]);
  assert.equal(feed.dropped("picture"), 8);
});

Deno.test("a reader is told how many log lines it missed before it gets later ones", () => {
  const telemetry = new Telemetry(silent);
  using feed = new TelemetryFeed(telemetry, ["log"], { depth: { log: 2 } });
  for (const name of ["a", "b", "c", "d"]) telemetry.tell("log", line(name));
  assert.deepEqual(feed.take(), { topic: "lost", message: { of: "log", count: 2 } });
  assert.deepEqual(feed.take(), { topic: "log", message: line("c") });
  assert.deepEqual(feed.take(), { topic: "log", message: line("d") });
  assert.equal(feed.take(), undefined);
});

Deno.test("a feed wakes its reader and copies what is only valid during the call", async () => {
  const telemetry = new Telemetry(silent);
  using feed = new TelemetryFeed(telemetry, ["frame"]);
  const next = feed[Symbol.asyncIterator]().next();
  const data = Uint8Array.of(1, 2, 3);
  telemetry.tell("frame", { ptsNs: 0, epochNs: 0n, width: 1, height: 1, data });
  data.fill(0);
  const { value } = await next;
  assert.ok(value?.topic === "frame");
  assert.deepEqual([...value.message.data], [1, 2, 3]);
});

Deno.test("a feed copies image features", async () => {
  const telemetry = new Telemetry(silent);
  using feed = new TelemetryFeed(telemetry, ["features"]);
  const values = Float32Array.of(1, 2, 3);
  telemetry.tell("features", { ptsNs: 0, epochNs: 0n, values });
  values.fill(0);
  const { value } = await feed[Symbol.asyncIterator]().next();
  assert.ok(value?.topic === "features");
  assert.deepEqual([...value.message.values], [1, 2, 3]);
});

Deno.test("a feed that is disposed of is not wanted any more and ends", async () => {
  const telemetry = new Telemetry(silent);
  const feed = new TelemetryFeed(telemetry, ["event"]);
  const rest = Array.fromAsync(feed);
  feed[Symbol.dispose]();
  assert.deepEqual(await rest, []);
  assert.equal(telemetry.wants("event"), false);
});
