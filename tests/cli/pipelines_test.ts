import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { whence } from "./whence.ts";

const PIPELINES = fileURLToPath(new URL("../../pipelines/", import.meta.url));

Deno.test("every shipped pipeline passes check, with and without its variables set", async (t) => {
  const env = {
    CAMERA: "/dev/video3",
    CAMERA_URL: "rtsp://robot:hunter2@camera/1",
    MQTT_URL: "mqtts://robot:hunter2@broker",
    MICROPHONE: "plughw:2,0",
    SENSOR: "1",
  };
  for (const { name } of Deno.readDirSync(PIPELINES)) {
    await t.step(name, async () => {
      for (const variables of [{}, env]) {
        const { code, stdout, stderr } = await whence(["check", PIPELINES + name], {
          env: variables,
        });
        assert.equal(code, 0, stderr);
        assert.ok(!stdout.includes("hunter2"));
      }
    });
  }
});

Deno.test("the two cameras' pipelines go together", async () => {
  const files = ["front.yaml", "rear.yaml"].map((name) => PIPELINES + name);
  const { code, stdout, stderr } = await whence(["check", ...files]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /whence\/front[^]*whence\/rear/);
});
