import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findModel } from "../../src/model/find_model.ts";
import { composeParts } from "../../src/pipeline/compose.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";

Deno.test("a source answers if its devices are present; a graph never does, so that no pause is cut short", async () => {
  const file = fileURLToPath(new URL("../../models/denseav-mini/demo.mkv", import.meta.url));
  const { manifest } = await findModel("denseav-mini", ".");
  const sourceOf = (source: Record<string, string>) => {
    const config = pipelineSchema.parse({ name: "front", model: "denseav-mini", source });
    return composeParts(config, { folder: "." }).source(manifest);
  };
  const graph = "videotestsrc ! appsink name=video audiotestsrc ! appsink name=audio";
  assert.equal(await sourceOf({ graph }).answers!(), false);
  assert.equal(await sourceOf({ uri: file }).answers!(), true);
  const away = { video: "v4l2:///dev/video-none", audio: `file://${file}` };
  assert.equal(await sourceOf(away).answers!(), false);
});
