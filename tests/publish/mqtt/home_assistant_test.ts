import assert from "node:assert/strict";
import { detectSchema } from "../../../src/detection/detect_schema.ts";
import { Telemetry } from "../../../src/telemetry/telemetry.ts";
import { eventually } from "../../support/eventually.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { openSink } from "../../support/open_sink.ts";

const running = { state: "running", since: 1763812800, reason: null } as const;
const SQUARE = [[0, 0], [1, 0], [1, 1]];
const zones = (...names: string[]) =>
  detectSchema.parse({ zones: Object.fromEntries(names.map((name) => [name, SQUARE])) });

/** Entities that a broker keeps, by `COMPONENT/OBJECT`. */
async function kept(url: string, filter = "homeassistant/#") {
  await using ear = await MqttListener.connect(url, filter);
  await ear.client.subscribeAsync("end");
  await ear.say("end", "here");
  await ear.until("end", "here");
  return Object.fromEntries(
    ear.heard.filter(({ retain }) => retain).map(({ topic, text }) => {
      const [, component, , object] = topic.split("/");
      return [`${component}/${object}`, JSON.parse(text)];
    }),
  );
}

const STANDARD = ["sensor/latency", "sensor/state", "switch/enabled"];

Deno.test("a pipeline is announced as one device with an entity per value", async () => {
  await using broker = await Mosquitto.start();
  const telemetry = new Telemetry(() => {});
  telemetry.tell("tuning", zones("sofa"));
  const block = { url: broker.url, picture: true, home_assistant: true };
  const sink = await openSink(block, { telemetry, bearings: true });
  sink.active("sound", false);
  sink.state(running);
  await sink.close();
  const entities = await kept(broker.url);
  assert.deepEqual(Object.keys(entities).toSorted(), [
    "binary_sensor/sound",
    "binary_sensor/sound_zone_sofa",
    "image/sound_picture",
    "sensor/latency",
    "sensor/sound_bearing",
    "sensor/sound_label",
    "sensor/sound_score",
    "sensor/state",
    "switch/enabled",
  ]);
  for (const { device } of Object.values(entities)) {
    assert.deepEqual(device.identifiers, ["whence_front"]);
  }
  const { device: _, origin: __, ...sound } = entities["binary_sensor/sound"];
  assert.deepEqual(sound, {
    unique_id: "whence_front_sound",
    availability_mode: "all",
    availability: [{ topic: "whence/front/available" }, {
      topic: "whence/front/state",
      value_template:
        "{{ 'online' if value_json is defined and value_json.state == 'running' else 'offline' }}",
    }],
    name: "Sound",
    device_class: "sound",
    state_topic: "whence/front/sound",
  });
});

Deno.test("nothing is announced unless home_assistant is set", async () => {
  await using broker = await Mosquitto.start();
  const sink = await openSink({ url: broker.url });
  sink.active("sound", true);
  sink.state(running);
  await sink.close();
  assert.deepEqual(await kept(broker.url), {});
});

Deno.test("entities follow the zones of a running pipeline", async () => {
  await using broker = await Mosquitto.start();
  const telemetry = new Telemetry(() => {});
  telemetry.tell("tuning", zones("sofa"));
  const block = { url: broker.url, home_assistant: true, discovery_prefix: "ha" };
  const sink = await openSink(block, { telemetry });
  sink.active("speech", false);
  telemetry.tell("tuning", zones("door", "yard"));
  telemetry.tell("tuning", zones("yard"));
  await sink.close();
  const zoned = Object.keys(await kept(broker.url, "ha/#")).filter((name) => name.includes("zone"));
  assert.deepEqual(zoned, ["binary_sensor/speech_zone_yard"]);
});

Deno.test("entities of an earlier configuration are removed, those of other pipelines are not", async () => {
  await using broker = await Mosquitto.start();
  const block = { url: broker.url, picture: true, home_assistant: true };
  for (const pipeline of ["front", "back"]) {
    const sink = await openSink(block, { pipeline, bearings: true });
    sink.active("sound", false);
    sink.active("speech", false);
    sink.state(running);
    await sink.close();
  }
  const sink = await openSink({ ...block, picture: false });
  sink.active("sound", false);
  sink.state({ ...running, state: "starting" });
  sink.state(running);
  const wanted = [...STANDARD, "binary_sensor/sound", "sensor/sound_label", "sensor/sound_score"]
    .toSorted();
  await eventually("only the entities that are left", async () => {
    const front = await kept(broker.url, "homeassistant/+/whence_front/#");
    return Object.keys(front).toSorted().join() === wanted.join();
  });
  assert.equal(Object.keys(await kept(broker.url, "homeassistant/+/whence_back/#")).length, 13);
  await sink.close();
});

Deno.test("nothing is removed before the kinds of the model are known", async () => {
  await using broker = await Mosquitto.start();
  const block = { url: broker.url, home_assistant: true };
  const first = await openSink(block);
  first.active("sound", false);
  await first.close();
  await using ear = await MqttListener.connect(broker.url, "homeassistant/#");
  const second = await openSink(block);
  second.state({ ...running, state: "starting" });
  await second.close();
  assert.ok(ear.heard.every(({ text }) => text !== ""));
  assert.equal(Object.keys(await kept(broker.url)).length, 6);
});
