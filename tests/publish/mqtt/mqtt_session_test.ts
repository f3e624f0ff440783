import assert from "node:assert/strict";
import { EmbeddedBroker } from "../../../src/publish/mqtt/embedded_broker.ts";
import { ConnectionLostError } from "../../../src/publish/mqtt/mqtt_fault.ts";
import { MqttSession, type SessionOptions } from "../../../src/publish/mqtt/mqtt_session.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

const options = (url: string, changes: Partial<SessionOptions> = {}): SessionOptions => ({
  url,
  clientId: "session-test",
  credentials: {},
  onMessage: () => {},
  signal: new AbortController().signal,
  ...changes,
});

Deno.test("a broker without MQTT 5 gets MQTT 3.1.1", async () => {
  const broker = await EmbeddedBroker.acquire(`embedded:${freePort()}`);
  await assert.rejects(MqttSession.open(options(broker.url), [5]), /Unacceptable protocol version/);
  const session = await MqttSession.open(options(broker.url));
  assert.equal(session.protocolVersion, 4);
  await session.publish("t", "x", { qos: 1 });
  await session.close();
  await broker.release();
});

Deno.test("a broker with MQTT 5 gets MQTT 5", async () => {
  await using broker = await Mosquitto.start();
  const session = await MqttSession.open(options(broker.url));
  assert.equal(session.protocolVersion, 5);
  await session.close();
  assert.equal(await session.ended, "the connection was closed");
});

Deno.test("messages in flight fail when the connection ends, later ones at once", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  const session = await MqttSession.open(options(proxy.url));
  proxy.deaf = true;
  const sent = Array.from({ length: 40 }, () => session.publish("t", "x", { qos: 1 }));
  const settled = Promise.allSettled(sent);
  proxy.cut();
  await session.ended;
  for (const result of await settled) {
    assert.ok(result.status === "rejected" && result.reason instanceof ConnectionLostError);
  }
  await assert.rejects(session.publish("t", "x", { qos: 0 }), ConnectionLostError);
  await assert.rejects(session.subscribe("t"), ConnectionLostError);
});

Deno.test("a message that the socket did not take fails when the connection ends", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const opening = MqttSession.open(options(`mqtt://127.0.0.1:${listener.addr.port}`));
  const peer = await accepted;
  await peer.read(new Uint8Array(1_000));
  await peer.write(new Uint8Array([0x20, 3, 0, 0, 0])); // CONNACK, success, no properties
  const session = await opening;
  const stuck = session.publish("t", new Uint8Array(32_000_000), { qos: 0 });
  const lost = assert.rejects(stuck, ConnectionLostError);
  peer.close();
  listener.close();
  await lost;
});

Deno.test("the broker publishes the will unless the client disconnects", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, "will/#");
  const withWill = (url: string, name: string) =>
    options(url, { clientId: name, will: { topic: `will/${name}`, payload: "gone" } });
  const polite = await MqttSession.open(withWill(broker.url, "polite"));
  await polite.close();
  const rude = await MqttSession.open(withWill(proxy.url, "rude"));
  proxy.cut();
  await rude.ended;
  await ear.until("will/rude", "gone");
  assert.deepEqual(ear.on("will/polite"), []);
});

Deno.test("close does not wait for a broker that does not answer", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, "t");
  const session = await MqttSession.open(options(proxy.url));
  proxy.deaf = true;
  const lost = assert.rejects(session.publish("t", "x", { qos: 1 }), ConnectionLostError);
  await ear.until("t", "x");
  await session.close();
  await lost;
});

Deno.test("an attempt to connect can be aborted", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  const stop = new AbortController();
  const attempt = MqttSession.open(
    options(`mqtt://127.0.0.1:${silent.addr.port}`, { signal: stop.signal }),
  );
  const connection = await accepted;
  stop.abort();
  await assert.rejects(attempt, { name: "AbortError" });
  await assert.rejects(MqttSession.open(options("mqtt://127.0.0.1:1", { signal: stop.signal })));
  connection.close();
  silent.close();
});

Deno.test("subscribed messages arrive until the end", async () => {
  await using broker = await Mosquitto.start();
  const heard: string[] = [];
  const session = await MqttSession.open(options(broker.url, {
    onMessage: (topic, payload) => heard.push(`${topic} ${new TextDecoder().decode(payload)}`),
  }));
  await session.subscribe("a/+");
  await session.publish("a/b", "1", { qos: 1 });
  await session.publish("b", "2", { qos: 1 });
  await session.publish("a/c", new Uint8Array([51]), { qos: 0 });
  await eventually("both", () => heard.length === 2);
  assert.deepEqual(heard, ["a/b 1", "a/c 3"]);
  await session.close();
});
