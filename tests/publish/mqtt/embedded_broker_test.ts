import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import mqtt from "mqtt";
import { EmbeddedBroker } from "../../../src/publish/mqtt/embedded_broker.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { keepLog, openSink } from "../../support/open_sink.ts";
import { sampleMessage } from "../../support/sample_message.ts";

const portOf = (broker: EmbeddedBroker) => Number(new URL(broker.url).port);

async function isOpen(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** Occupies a port; undefined if it is in use already. */
function holdPort(port: number): Deno.TcpListener | undefined {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    throw error;
  }
}

Deno.test("a given port is used, and shared until the last release", async () => {
  const port = freePort();
  const [a, b] = await Promise.all([
    EmbeddedBroker.acquire(`embedded:${port}`),
    EmbeddedBroker.acquire(`embedded:${port}`),
  ]);
  const c = await EmbeddedBroker.acquire("embedded:");
  assert.equal(portOf(a), port);
  assert.ok(a === b && a === c);
  await Promise.all([a.release(), b.release()]);
  assert.ok(await isOpen(port));
  await c.release();
  assert.ok(!await isOpen(port));
  const again = await EmbeddedBroker.acquire(`embedded:${port}`);
  assert.ok(await isOpen(port));
  await again.release();
});

Deno.test("without a port it takes a free one if 1883 is in use", async () => {
  const holder = holdPort(1883);
  const broker = await EmbeddedBroker.acquire("embedded:");
  assert.notEqual(portOf(broker), 1883);
  assert.ok(await isOpen(portOf(broker)));
  await broker.release();
  holder?.close();
});

Deno.test("a port in use is an error in one line, and harms no later start", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await assert.rejects(EmbeddedBroker.acquire(`embedded:${port}`), {
    message:
      `Cannot start the embedded broker on 127.0.0.1:${port}: the port is in use by another process`,
  });
  taken.close();
  const broker = await EmbeddedBroker.acquire(`embedded:${port}`);
  assert.equal(portOf(broker), port);
  await broker.release();
});

Deno.test("pipelines that share it must not set different max_clients", async () => {
  const url = `embedded:${freePort()}`;
  const first = await EmbeddedBroker.acquire(url, { maxClients: 2 });
  await assert.rejects(
    EmbeddedBroker.acquire(url, { maxClients: 100 }),
    /^Error: Cannot share the embedded broker on 127\.0\.0\.1:\d+: max_clients must be the same in all its pipelines, got 2 and 100$/,
  );
  const any = await EmbeddedBroker.acquire(url);
  assert.ok(any === first);
  await any.release();
  await first.release();
  const usual = await EmbeddedBroker.acquire(url);
  const same = await EmbeddedBroker.acquire(url, { maxClients: 100 });
  assert.ok(usual === same);
  await usual.release();
  await same.release();
});

Deno.test("connected clients do not keep it from stopping", async () => {
  const broker = await EmbeddedBroker.acquire(`embedded:${freePort()}`);
  await using ear = await MqttListener.connect(broker.url, "#", { reconnectPeriod: 0 });
  await ear.say("t", "hello");
  await ear.until("t", "hello");
  await broker.release();
  await eventually("the client is cut off", () => !ear.client.connected);
});

Deno.test("garbage from one client does not harm others", async () => {
  const broker = await EmbeddedBroker.acquire(`embedded:${freePort()}`);
  await using ear = await MqttListener.connect(broker.url, "#");
  const garbage = [
    "GET / HTTP/1.1\r\n\r\n",
    "\x10\xff\xff\xff\xff\xff",
    "\x30\x05aaaaa",
    "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00\xf0\xff\xff\xff\x7f",
  ];
  for (const text of garbage) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: portOf(broker) });
    await connection.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    connection.close();
  }
  await ear.say("t", "still here");
  await ear.until("t", "still here");
  await broker.release();
});

Deno.test("clients that never send CONNECT, or only half of it, do not keep it from stopping", async () => {
  const broker = await EmbeddedBroker.acquire(`embedded:${freePort()}`);
  const silent = await Promise.all(
    Array.from({ length: 5 }, () => Deno.connect({ hostname: "127.0.0.1", port: portOf(broker) })),
  );
  await silent[0].write(new Uint8Array([0x10, 0x20, 0x00]));
  await using ear = await MqttListener.connect(broker.url, "#", { reconnectPeriod: 0 });
  await ear.say("t", "all are accepted");
  // Without the bound it would take aedes' connect timeout.
  const began = performance.now();
  await broker.release();
  assert.ok(performance.now() - began < 8_000);
  for (const connection of silent) {
    assert.equal(await connection.read(new Uint8Array(1)).catch(() => null), null);
    connection.close();
  }
});

for (const qos of [0, 1] as const) {
  Deno.test(`messages of 1 MB get through at QoS ${qos}, many at once and one after another`, async () => {
    const broker = await EmbeddedBroker.acquire(`embedded:${freePort()}`);
    await using ear = await MqttListener.connect(broker.url, "t");
    await using mouth = await MqttListener.connect(broker.url, "none");
    const payload = (i: number) => Buffer.from(new Uint8Array(1_000_000 + i).fill(i));
    const say = (i: number) => mouth.client.publishAsync("t", payload(i), { qos });
    await Promise.all([0, 1, 2, 3, 4].map(say));
    for (const i of [5, 6, 7]) {
      await say(i);
      await eventually("it arrives", () => ear.heard.length === i + 1);
    }
    for (const [i, message] of ear.heard.entries()) {
      assert.deepEqual(Buffer.from(message.payload).equals(payload(i)), true, `message ${i}`);
    }
    await broker.release();
  });
}

Deno.test("a connection that sends large messages outlives its keepalive time", async () => {
  const broker = await EmbeddedBroker.acquire(`embedded:${freePort()}`);
  const options = { keepalive: 1, reconnectPeriod: 0, reschedulePings: false };
  await using mouth = await MqttListener.connect(broker.url, "t", options);
  const end = Date.now() + 4_000;
  let sent = 0;
  while (Date.now() < end) {
    await mouth.client.publishAsync("t", Buffer.alloc(300_000), { qos: 1 });
    sent++;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await eventually("all arrive", () => mouth.heard.length === sent);
  assert.ok(mouth.client.connected);
  await broker.release();
});

Deno.test("under Whence's prefix other clients may publish to set only", async () => {
  const { log, lines } = keepLog();
  const switched: boolean[] = [];
  const sink = await openSink({ url: `embedded:${freePort()}`, client_id: "whence-front" }, {
    log,
    onSet: (on) => switched.push(on),
  });
  await using ear = await MqttListener.connect(sink.url, "#");
  await ear.until("whence/front/available", "online");
  const forged = ["whence/front/event", "whence/front/state", "whence/front/available", "whence"];
  for (const topic of forged) {
    await using forger = await MqttListener.connect(sink.url, "none", { reconnectPeriod: 0 });
    forger.client.publish(topic, "forged", { qos: 1, retain: true });
    await eventually("it is disconnected", () => !forger.client.connected);
  }
  // A will is a message as well.
  await using will = await MqttListener.connect(sink.url, "none", {
    reconnectPeriod: 0,
    will: { topic: "whence/front/available", payload: Buffer.from("forged"), qos: 1, retain: true },
  });
  will.client.stream.destroy();
  // Our name without our password.
  const login = { username: "whence-internal", password: "guess", reconnectPeriod: 0 };
  await assert.rejects(mqtt.connectAsync(sink.url, login), /Connection refused/);
  // Our client id would end our connection.
  const twin = { clientId: "whence-front", reconnectPeriod: 0 };
  await assert.rejects(mqtt.connectAsync(sink.url, twin), /Connection refused/);
  sink.event(sampleMessage());
  await eventually("the event", () => ear.on("whence/front/event").length === 1);
  await ear.say("whence/front/set", '{"enabled": false}');
  await ear.say("elsewhere/front/event", "no business of ours");
  await ear.until("elsewhere/front/event", "no business of ours");
  await eventually("it is switched", () => switched.length === 1);
  assert.ok(!ear.heard.some(({ text }) => text === "forged"));
  await sink.close();
  const warnings = lines.filter((line) => line.startsWith("warning"));
  assert.match(
    warnings[0],
    /^warning: Disconnected client ".+": it published to whence\/front\/event/,
  );
  assert.equal(warnings.length, 2, warnings.join("\n"));
});
