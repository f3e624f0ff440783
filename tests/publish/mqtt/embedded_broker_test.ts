import assert from "node:assert/strict";
import { EmbeddedBroker } from "../../../src/publish/mqtt/embedded_broker.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";

const portOf = (broker: EmbeddedBroker) => Number(new URL(broker.url).port);

async function isOpen(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** Makes sure that somebody has a port; undefined when somebody else has it already. */
function holdPort(port: number): Deno.TcpListener | undefined {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    throw error;
  }
}

Deno.test("a port that is named is taken, and shared until the last lets go", async () => {
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

Deno.test("without a port it finds a free one when 1883 is not", async () => {
  const holder = holdPort(1883);
  const broker = await EmbeddedBroker.acquire("embedded:");
  assert.notEqual(portOf(broker), 1883);
  assert.ok(await isOpen(portOf(broker)));
  await broker.release();
  holder?.close();
});

Deno.test("a port that somebody else has is an error in one line, and harms no later start", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await assert.rejects(EmbeddedBroker.acquire(`embedded:${port}`), {
    message: `Cannot start the embedded broker on port ${port}: somebody else listens there`,
  });
  taken.close();
  const broker = await EmbeddedBroker.acquire(`embedded:${port}`);
  assert.equal(portOf(broker), port);
  await broker.release();
});

Deno.test("clients that are connected do not keep it from stopping", async () => {
  const broker = await EmbeddedBroker.acquire(`embedded:${freePort()}`);
  await using ear = await MqttListener.connect(broker.url, "#", { reconnectPeriod: 0 });
  await ear.say("t", "hello");
  await ear.until("t", "hello");
  await broker.release();
  await eventually("the client is cut off", () => !ear.client.connected);
});

Deno.test("garbage from a client harms nobody else", async () => {
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
