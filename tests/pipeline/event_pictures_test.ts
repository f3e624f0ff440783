import assert from "node:assert/strict";
import sharp from "sharp";
import { CameraPictures } from "../../src/pipeline/camera_pictures.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { runPipeline } from "../support/pipeline_run.ts";

const MODEL = new URL("../../models/denseav-mini/", import.meta.url).pathname;
const TOPIC = "whence/front/picture/sound";

/** Four seconds of a test picture in red and a tone, each buffer at its time. */
const GRAPH = "videotestsrc num-buffers=40 pattern=red is-live=true " +
  "! video/x-raw,width=800,height=600,framerate=10/1 ! appsink name=video  " +
  "audiotestsrc num-buffers=62 is-live=true ! audio/x-raw,rate=16000 ! appsink name=audio";

Deno.test("the picture of an event is the camera's, in its size, with the event's id", async () => {
  await using broker = await Mosquitto.start();
  await using run = await runPipeline(broker, {
    source: { graph: GRAPH },
    detect: { sound: { on: 0.001, off: 0 } },
    publish: { mqtt: { url: broker.url, picture: true } },
  }, MODEL);
  await run.ended;
  await run.listener.until("whence/front/available", "offline");
  const pictures = run.listener.heard.filter(({ topic }) => topic === TOPIC);
  assert.ok(pictures.length > 0);
  const infos = run.listener.on(`${TOPIC}/info`).map((text) => JSON.parse(text));
  assert.equal(infos.length, pictures.length);
  const ids = new Set(run.events().map(({ id }) => id));
  for (const [i, { payload }] of pictures.entries()) {
    assert.ok(ids.has(infos[i].id));
    const { data, info } = await sharp(payload).raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height], [800, 600]);
    assert.deepEqual([infos[i].width, infos[i].height], [800, 600]);
    // The model's frame has black bars; the picture is red to its last corner.
    for (const [x, y] of [[1, 598], [798, 598]]) {
      const [red, green, blue] = data.subarray((y * 800 + x) * 3, (y * 800 + x) * 3 + 3);
      assert.ok(red > 200 && green < 50 && blue < 50, `${red} ${green} ${blue}`);
    }
  }
});

Deno.test("the nearest camera picture within half a second is taken", () => {
  const telemetry = new Telemetry(() => {});
  const tell = (seconds: number) =>
    telemetry.tell("picture", {
      ptsNs: seconds * 1e9,
      epochNs: BigInt(Math.round(seconds * 1e9)),
      jpeg: new Uint8Array([seconds * 10]),
    });
  const pictures = new CameraPictures(telemetry);
  assert.equal(pictures.at(1), undefined);
  for (let i = 10; i < 200; i++) tell(i / 10);
  assert.deepEqual(pictures.at(18.04), new Uint8Array([180]));
  assert.deepEqual(pictures.at(20.3), new Uint8Array([199]));
  assert.equal(pictures.at(20.5), undefined);
  assert.equal(pictures.at(5), undefined, "older pictures are forgotten");
  assert.ok(telemetry.wants("picture"));
  pictures[Symbol.dispose]();
  assert.ok(!telemetry.wants("picture"));
});
