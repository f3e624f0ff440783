import assert from "node:assert/strict";
import { decodeEvent } from "../../src/events/event_json.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { keepLog, openSink } from "../support/open_sink.ts";
import { sampleMessage } from "../support/sample_message.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";

const short = (text: string) => {
  const { seq, type, reason } = decodeEvent(text);
  return [seq, type, reason];
};

Deno.test("events that waited when the process was killed are sent at the next start, and the open one ends", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  await using proxy = new TcpProxy(broker.port);
  const stateFolder = await Deno.makeTempDir({ prefix: "state-" });
  proxy.closed = true;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", new URL("killed_process.ts", import.meta.url).pathname],
      ...[proxy.url, stateFolder],
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  proxy.closed = false;
  const sink = await openSink({ url: proxy.url }, { stateFolder });
  await ear.until("whence/front/sound", "OFF");
  await eventually("all arrived", () => ear.on("whence/front/event").length === 2);
  await sink.close();
  assert.deepEqual(ear.on("whence/front/event").map(short), [
    [0, "new", null],
    [1, "end", "interrupted"],
  ]);
  const { accepted, acknowledged, stored } = sink.counters();
  assert.deepEqual([accepted, acknowledged, stored], [2, 2, 0]);
  await Deno.remove(stateFolder, { recursive: true });
});

Deno.test("what the broker has not taken when a sink closes is stored, and not counted as lost", async () => {
  const stateFolder = await Deno.makeTempDir({ prefix: "state-" });
  const { log, lines } = keepLog();
  const url = `mqtt://127.0.0.1:${freePort()}`;
  const sink = await openSink({ url }, { log, stateFolder, drainMs: 1 });
  sink.event(sampleMessage());
  await sink.close();
  const { waiting, stored, dropped } = sink.counters();
  assert.deepEqual([waiting, stored, dropped], [1, 1, 0]);
  assert.match(lines.at(-1)!, /did not reach .*; 1 are stored and are sent at the next start/);
  await Deno.remove(stateFolder, { recursive: true });
});

Deno.test("a state says that events cannot be stored, and that they can again", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "whence/#");
  const stateFolder = await Deno.makeTempDir({ prefix: "state-" });
  await Deno.writeTextFile(`${stateFolder}/outbox`, "not a folder");
  const sink = await openSink({ url: broker.url }, { stateFolder });
  sink.state({ state: "running", since: 1, reason: "no audio arrives" });
  const reasons = () => ear.on("whence/front/state").map((text) => JSON.parse(text).reason);
  await eventually("the complaint", () => /^no audio arrives; Cannot store/.test(reasons().at(-1)));
  await Deno.remove(`${stateFolder}/outbox`);
  await eventually("the end of the complaint", () => {
    sink.stats({});
    return reasons().at(-1) === "no audio arrives";
  });
  await sink.close();
  await Deno.remove(stateFolder, { recursive: true });
});
