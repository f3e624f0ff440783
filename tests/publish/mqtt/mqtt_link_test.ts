import assert from "node:assert/strict";
import { MqttLink } from "../../../src/publish/mqtt/mqtt_link.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { keepLog } from "../../support/open_sink.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

const decode = (payload: Uint8Array) => new TextDecoder().decode(payload);

Deno.test("subscriptions made before and after connecting survive a reconnect", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  await using mouth = await MqttListener.connect(broker.url, "none");
  const { log, lines } = keepLog();
  const link = new MqttLink({ url: proxy.url, log, delaysMs: [1] });
  const heard: string[] = [];
  link.subscribe("a/+", (topic, payload) => heard.push(`${topic} ${decode(payload)}`));
  link.start();
  await link.ready;
  await mouth.say("a/1", "x");
  await eventually("the first", () => heard.includes("a/1 x"));
  const forget = link.subscribe("b", (topic) => heard.push(topic));
  await eventually("the second subscription", async () => {
    await mouth.say("b", "");
    return heard.includes("b");
  });
  proxy.cut();
  await eventually("a new connection", () => proxy.connections === 2);
  heard.length = 0;
  await eventually("both again", async () => {
    await mouth.say("a/2", "y");
    await mouth.say("b", "");
    return heard.includes("a/2 y") && heard.includes("b");
  });
  forget();
  heard.length = 0;
  await mouth.say("b", "");
  await mouth.say("a/3", "z");
  await eventually("the last", () => heard.includes("a/3 z"));
  assert.ok(!heard.includes("b"));
  await link.close();
  assert.deepEqual(lines.map((line) => line.split(" ")[1]), ["Connected", "Lost", "Connected"]);
});

Deno.test("a listener is notified of each connection and each loss, a late one at once", async () => {
  await using broker = await Mosquitto.start();
  await using proxy = new TcpProxy(broker.port);
  const link = new MqttLink({ url: proxy.url, log: () => {}, delaysMs: [1] });
  const calls: string[] = [];
  link.listen({ up: () => calls.push("up"), down: () => calls.push("down") });
  link.start();
  await link.ready;
  proxy.cut();
  await eventually("up again", () => calls.length === 3);
  link.listen({ up: () => calls.push("late up"), down: () => {} });
  await link.close();
  assert.deepEqual(calls, ["up", "down", "up", "late up", "down"]);
  assert.equal(link.failures, 1);
});

Deno.test("attempts go on without further log lines, at once when hurried", async () => {
  const port = freePort();
  const { log, lines } = keepLog();
  const link = new MqttLink({ url: `mqtt://127.0.0.1:${port}`, log, delaysMs: [1, 1, 3_600_000] });
  link.start();
  await eventually("three attempts", () => link.failures === 3);
  link.hurry();
  await eventually("a fourth", () => link.failures === 4);
  assert.deepEqual(lines, [
    `warning: Cannot connect to mqtt://127.0.0.1:${port}: connection refused; retrying`,
  ]);
  await link.close();
});

Deno.test("a link can be closed before it ever connected, and while it connects", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const link = new MqttLink({ url: `mqtt://127.0.0.1:${silent.addr.port}`, log: () => {} });
  await link.close();
  const other = new MqttLink({ url: `mqtt://127.0.0.1:${silent.addr.port}`, log: () => {} });
  const accepted = silent.accept();
  other.start();
  const connection = await accepted;
  await other.close();
  connection.close();
  silent.close();
});

Deno.test("a handler that throws is logged, and harms neither the process nor other handlers", async () => {
  await using broker = await Mosquitto.start();
  await using mouth = await MqttListener.connect(broker.url, "none");
  const { log, lines } = keepLog();
  const link = new MqttLink({ url: broker.url, log });
  const heard: string[] = [];
  link.subscribe("a", () => {
    throw new Error("not an event");
  });
  link.subscribe("a", (_, payload) => heard.push(decode(payload)));
  link.start();
  await link.ready;
  for (const text of ["1", "2", "3"]) await mouth.say("a", text);
  await eventually("all messages", () => heard.length === 3);
  await link.close();
  assert.deepEqual(lines.filter((line) => line.startsWith("warning")), [
    "warning: Cannot handle a message on a: not an event",
    "warning: Similar warnings not shown: 2",
  ]);
});

Deno.test("a link connects soon after the broker is back, however long the pause is", async () => {
  const broker = await Mosquitto.start();
  const link = new MqttLink({ url: broker.url, log: () => {}, delaysMs: [10, 3_600_000] });
  link.start();
  await eventually("connected", () => link.session !== undefined);
  await broker.stop();
  await eventually("the pause of an hour", () => link.failures >= 2);
  await broker.resume();
  await eventually("connected again", () => link.session !== undefined);
  await link.close();
  await broker[Symbol.asyncDispose]();
});
