import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer } from "node:net";
import { Aedes } from "aedes";
import mqtt from "mqtt";
import { BoundedStore, type StoreLimits } from "../../../src/publish/mqtt/bounded_store.ts";
import { readWhole } from "../../../src/publish/mqtt/whole_reads.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";

const ROOMY: StoreLimits = {
  queuedMessages: 1_000,
  queuedBytes: 1_000_000,
  sessions: 100,
  retainedMessages: 1_000,
  retainedBytes: 1_000_000,
};

/** A broker whose store has the given limits; topics under `own/` are exempt. */
async function withBroker(
  limits: Partial<StoreLimits>,
  use: (url: string, store: BoundedStore) => Promise<void>,
): Promise<void> {
  const clients = new Set<string>();
  const store = new BoundedStore(
    (topic) => topic.startsWith("own/"),
    (id) => clients.has(id),
    { ...ROOMY, ...limits },
  );
  const aedes = await Aedes.createBroker({ persistence: store });
  aedes.on("client", ({ id }) => clients.add(id));
  aedes.on("clientDisconnect", ({ id }) => clients.delete(id));
  const server = createServer((socket) => void aedes.handle(readWhole(socket)));
  const port = freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  try {
    await use(`mqtt://127.0.0.1:${port}`, store);
  } finally {
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** Subscribes in a persistent session and goes away. */
async function subscribeAndLeave(url: string, clientId: string, filter: string): Promise<void> {
  const client = await mqtt.connectAsync(url, { clientId, clean: false, reconnectPeriod: 0 });
  await client.subscribeAsync(filter, { qos: 1 });
  await client.endAsync();
}

/** What a client finds when it comes back. */
function comeBack(url: string, clientId: string): Promise<MqttListener> {
  return MqttListener.connect(url, "none", { clientId, clean: false });
}

Deno.test("an absent client's queue keeps the newest messages", async () => {
  await withBroker({ queuedMessages: 5 }, async (url, store) => {
    await subscribeAndLeave(url, "a", "t");
    await using mouth = await MqttListener.connect(url, "none");
    for (let i = 0; i < 20; i++) await mouth.say("t", String(i));
    await eventually("all were handled", () => store.dropped === 15);
    await using ear = await comeBack(url, "a");
    await eventually("the queue", () => ear.on("t").length === 5);
    assert.deepEqual(ear.on("t"), ["15", "16", "17", "18", "19"]);
  });
});

Deno.test("all queues together keep to a number of bytes; the longest queue is cut", async () => {
  await withBroker({ queuedBytes: 10_000 }, async (url, store) => {
    await subscribeAndLeave(url, "a", "large");
    await subscribeAndLeave(url, "b", "small");
    await using mouth = await MqttListener.connect(url, "none");
    await mouth.say("small", "kept");
    for (let i = 0; i < 8; i++) await mouth.say("large", `${i}`.padEnd(3_000));
    await eventually("all were handled", () => store.dropped === 5);
    await using a = await comeBack(url, "a");
    await using b = await comeBack(url, "b");
    await eventually("the queues", () => a.on("large").length + b.on("small").length === 4);
    assert.deepEqual(a.on("large").map((text) => text.trim()), ["5", "6", "7"]);
  });
});

Deno.test("a session too many ends the oldest one whose client is absent", async () => {
  await withBroker({ sessions: 2 }, async (url) => {
    await using here = await MqttListener.connect(url, "t", { clientId: "here", clean: false });
    await subscribeAndLeave(url, "old", "t");
    await subscribeAndLeave(url, "new", "t");
    await here.say("t", "x");
    await here.until("t", "x");
    await using remembered = await comeBack(url, "new");
    await remembered.until("t", "x");
    await using forgotten = await comeBack(url, "old");
    assert.deepEqual(forgotten.on("t"), []);
  });
});

Deno.test("a client that is connected and acknowledges loses nothing to the bounds", async () => {
  await withBroker({ queuedMessages: 20, queuedBytes: 20_000 }, async (url, store) => {
    await using ear = await MqttListener.connect(url, "t", { clientId: "ear", clean: false });
    await using mouth = await MqttListener.connect(url, "none");
    for (let i = 0; i < 200; i++) {
      await mouth.say("t", String(i).padEnd(500));
      if (i % 10 === 9) await eventually("they arrive", () => ear.on("t").length > i);
    }
    assert.equal(store.dropped, 0);
    assert.deepEqual(ear.on("t").map(Number), Array.from({ length: 200 }, (_, i) => i));
  });
});

Deno.test("retained messages are bounded in number and bytes, except exempt topics", async () => {
  const limits = { retainedMessages: 3, retainedBytes: 10_000 };
  await withBroker(limits, async (url, store) => {
    await using mouth = await MqttListener.connect(url, "none");
    const retain = (topic: string, payload: string | number) =>
      mouth.client.publishAsync(
        topic,
        typeof payload === "string" ? payload : Buffer.alloc(payload, 120),
        { qos: 1, retain: true },
      );
    for (const topic of ["a", "b", "c", "too-many"]) await retain(topic, topic);
    await retain("a", 9_990);
    await retain("b", "a longer text than fits");
    await retain("own/state", 50_000);
    await retain("c", "");
    await retain("d", "d");
    await eventually("the bounds were met", () => store.dropped === 2);
    const kept = async () => {
      await using ear = await MqttListener.connect(url, "#");
      await ear.say("end", "");
      await ear.until("end", "");
      return ear.heard.filter(({ retain }) => retain).map(({ topic, payload }) =>
        `${topic} ${payload.length}`
      ).toSorted();
    };
    assert.deepEqual(await kept(), ["a 9990", "b 1", "d 1", "own/state 50000"]);
    for (const topic of ["a", "b", "d"]) await retain(topic, "");
    await retain("e", 10_000);
    assert.deepEqual(await kept(), ["e 10000", "own/state 50000"]);
  });
});
