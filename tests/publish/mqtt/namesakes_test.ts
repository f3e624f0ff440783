import assert from "node:assert/strict";
import { MqttLink } from "../../../src/publish/mqtt/mqtt_link.ts";
import { eventually } from "../../support/eventually.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { keepLog, openSink } from "../../support/open_sink.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

const TOPIC = "whence/front/state";
const stateAt = (state: "running" | "stopped" | "starting", since: number) => (
  { state, since, reason: null } as const
);

Deno.test("two clients with one client id: one warns once and goes on under another", async () => {
  await using broker = await Mosquitto.start();
  const { log, lines } = keepLog();
  const options = { url: broker.url, clientId: "robot", delaysMs: [20], log };
  const links = [new MqttLink(options), new MqttLink(options)];
  for (const link of links) link.start();
  const warnings = () => lines.filter((line) => line.includes("Another client"));
  await eventually("one is renamed", () => warnings().length > 0);
  await eventually("both are connected", () => links.every(({ session }) => session));
  const { length } = lines;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(lines.length, length);
  for (const link of links) await link.close();
  assert.match(
    warnings().join("; "),
    /^warning: Another client seems to use the client ID robot at mqtt:\S+; reconnecting as robot-[0-9a-f]{8}; set publish\.mqtt\.client_id$/,
  );
});

Deno.test("a network that cuts connections is not taken for a client with the same random id", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  const { log, lines } = keepLog();
  const sink = await openSink({ url: proxy.url }, { log });
  for (let round = 1; round <= 4; round++) {
    const connected = () => lines.filter((line) => line.includes("Connected")).length;
    await eventually("connected", () => connected() === round);
    proxy.cut();
  }
  await eventually(
    "connected again",
    () => lines.filter((l) => l.includes("Connected")).length === 5,
  );
  await sink.close();
  assert.deepEqual(lines.filter((line) => line.includes("Another client")), []);
});

Deno.test("a broker that says that the client id was taken over is believed at once", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const packets: string[] = [];
  const connections: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of server) {
      const buffer = new Uint8Array(1_000);
      const length = await connection.read(buffer) ?? 0;
      packets.push(new TextDecoder().decode(buffer.subarray(0, length)));
      // CONNACK; then, once, DISCONNECT with the reason 0x8e (MQTT 5.0 § 3.2, § 3.14).
      await connection.write(new Uint8Array([0x20, 3, 0, 0, 0]));
      if (packets.length === 1) await connection.write(new Uint8Array([0xe0, 2, 0x8e, 0]));
      connections.push(connection);
    }
  })();
  const { log, lines } = keepLog();
  const url = `mqtt://127.0.0.1:${server.addr.port}`;
  const link = new MqttLink({ url, clientId: "robot", delaysMs: [20], log });
  link.start();
  await eventually("connected again", () => lines.length === 3);
  const close = link.close();
  for (const connection of connections) connection.close();
  await close;
  server.close();
  await serving;
  assert.match(lines[1], /^warning: Another client uses the client ID robot /);
  assert.match(packets[0], /robot$/);
  assert.match(packets[1], /robot-[0-9a-f]{8}$/);
});

Deno.test("two processes with one name: each warns once, and the state stays that of the one that runs", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  await using ear = await MqttListener.connect(broker.url, TOPIC);
  await ear.client.publishAsync(TOPIC, JSON.stringify(stateAt("stopped", 1)), { retain: true });
  const first = keepLog();
  const one = await openSink({ url: broker.url }, { log: first.log });
  one.state(stateAt("starting", 2));
  one.state(stateAt("running", 3));
  await ear.until(TOPIC, JSON.stringify(stateAt("running", 3)));
  const second = keepLog();
  // Another address: connections to one broker are shared within a process.
  const two = await openSink({ url: proxy.url }, { log: second.log });
  two.state(stateAt("running", 4));
  await eventually("the first warns", () => first.lines.length === 2);
  one.state(stateAt("running", 5));
  await eventually("the second warns", () => second.lines.length === 2);
  two.state(stateAt("stopped", 6));
  await eventually(
    "the first corrects",
    () => ear.on(TOPIC).at(-1) === JSON.stringify(stateAt("running", 5)),
  );
  await two.close();
  await one.close();
  for (const { lines } of [first, second]) {
    assert.deepEqual(lines.slice(1), [
      `warning: Another process also publishes to ${TOPIC}: change the name of front`,
    ]);
  }
});

Deno.test("the states of a former run are no other process", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  for (const since of [1, 2]) {
    const { log, lines } = keepLog();
    const sink = await openSink({ url: proxy.url }, { log });
    await eventually("connected", () => lines.length === 1);
    sink.state(stateAt("running", since));
    await eventually("sent", () => sink.counters().failures === 0);
    proxy.cut();
    await eventually("connected again", () => lines.length === 3);
    sink.state(stateAt("stopped", since));
    await sink.close();
    assert.ok(!lines.some((line) => line.includes("Another")), lines.join("\n"));
  }
});
