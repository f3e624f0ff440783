import assert from "node:assert/strict";
import { join } from "node:path";
import { forgetPipelines } from "../../../src/cli/forget/forget_pipelines.ts";
import { PublishError } from "../../../src/publish/publish_error.ts";
import { LEAST, withFiles } from "../../config/pipeline_file.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { openSink } from "../../support/open_sink.ts";

const fileOf = (url: string) => ({
  "front.yaml": `${LEAST}publish: { mqtt: { url: "${url}" } }\n`,
});

Deno.test("forget removes all retained messages of one pipeline, and none of others", async () => {
  await using broker = await Mosquitto.start();
  for (const pipeline of ["front", "front-door"]) {
    const sink = await openSink({ url: broker.url, home_assistant: true }, { pipeline });
    sink.active("sound", false);
    sink.state({ state: "stopped", since: 1, reason: null });
    await sink.close();
  }
  const forget = () =>
    withFiles(fileOf(broker.url), (folder) => forgetPipelines([join(folder, "front.yaml")], []));
  const text = await forget();
  assert.equal(
    text,
    `front: removed 9 messages from ${broker.url}
  homeassistant/binary_sensor/whence_front/sound/config
  homeassistant/sensor/whence_front/latency/config
  homeassistant/sensor/whence_front/sound_label/config
  homeassistant/sensor/whence_front/sound_score/config
  homeassistant/sensor/whence_front/state/config
  homeassistant/switch/whence_front/enabled/config
  whence/front/available
  whence/front/sound
  whence/front/state`,
  );
  await using ear = await MqttListener.connect(broker.url, "#");
  await ear.say("end", "here");
  await ear.until("end", "here");
  const left = ear.heard.map(({ topic }) => topic).filter((topic) => topic !== "end");
  assert.equal(left.length, 9);
  assert.ok(left.every((topic) => /front-door/.test(topic)), left.join());
  assert.equal(
    await forget(),
    `front: removed 0 messages from ${broker.url}`,
  );
});

Deno.test("forget says in one line that the broker is unavailable", async () => {
  const url = `mqtt://127.0.0.1:${freePort()}`;
  const forget = withFiles(
    fileOf(url),
    (folder) => forgetPipelines([join(folder, "front.yaml")], []),
  );
  await assert.rejects(forget, (error: Error) => {
    assert.ok(error instanceof PublishError);
    assert.match(error.message, /^Cannot remove the messages of front from mqtt:.*: .*$/);
    return true;
  });
});

Deno.test("forget says that a pipeline without a broker leaves nothing behind", async () => {
  const files = { "front.yaml": `${LEAST}publish: { jsonl: events.jsonl }\n` };
  const text = await withFiles(
    files,
    (folder) => forgetPipelines([join(folder, "front.yaml")], []),
  );
  assert.equal(text, "front: nothing to remove: it publishes to no broker");
});
