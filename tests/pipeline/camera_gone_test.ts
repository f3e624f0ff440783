import assert from "node:assert/strict";
import { RtspCamera } from "../capture/rtsp_camera.ts";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { runPipeline } from "../support/pipeline_run.ts";

const ANY_SOUND = { sound: { on: 0.001, off: 0.0005 }, speech: { on: 0.001, off: 0.0005 } };

Deno.test("an RTSP camera that goes and comes back: its events end, and the pipeline goes on", async (t) => {
  await using broker = await Mosquitto.start();
  await using camera = await RtspCamera.start({ transport: "tcp" });
  const port = Number(new URL(camera.url).port);
  const source = { uri: camera.url, frame_rate: 5 };
  await using run = await runPipeline(broker, { source, detect: ANY_SOUND }, ".");
  await eventually("an event begins", () => run.events().some(({ type }) => type === "new"));
  await camera[Symbol.asyncDispose]();
  await eventually("it reconnects", () => run.states().at(-1)?.state === "reconnecting");
  await t.step("open events end with the reason `source_lost`", async () => {
    const open = () => {
      const ids = new Set(run.events().map(({ id }) => id));
      for (const { id, type } of run.events()) if (type === "end") ids.delete(id);
      return ids.size;
    };
    await eventually("all have ended", () => open() === 0);
    assert.ok(run.events().some(({ reason }) => reason === "source_lost"));
  });
  const { hops } = run.pipeline.stats();
  await using _again = await RtspCamera.start({ transport: "tcp", port });
  await eventually("it runs", () => run.states().at(-1)?.state === "running");
  await eventually("hops", () => run.pipeline.stats().hops.run > hops.run);
});
