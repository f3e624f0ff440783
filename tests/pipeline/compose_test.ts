import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findModel } from "../../src/model/find_model.ts";
import { composeParts } from "../../src/pipeline/compose.ts";
import { unusedLabels } from "../../src/pipeline/label_filters.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { PublishError } from "../../src/publish/publish_error.ts";

Deno.test("a source answers if its devices are present; whether a graph would is unknown", async () => {
  const file = fileURLToPath(new URL("../../models/denseav-mini/demo.mkv", import.meta.url));
  const { manifest } = await findModel("denseav-mini", ".");
  const sourceOf = (source: Record<string, string>) => {
    const config = pipelineSchema.parse({ name: "front", model: "denseav-mini", source });
    return composeParts(config, { folder: "." }).source(manifest);
  };
  const graph = "videotestsrc ! appsink name=video audiotestsrc ! appsink name=audio";
  assert.equal(await sourceOf({ graph }).answers!(), undefined);
  assert.equal(await sourceOf({ uri: file }).answers!(), true);
  const away = { video: "v4l2:///dev/video-none", audio: `file://${file}` };
  assert.equal(await sourceOf(away).answers!(), false);
});

Deno.test("a pipeline does not start with a label in a sink's filter that no event can get", async () => {
  const start = async (change: object) => {
    const config = pipelineSchema.parse({
      name: "front",
      model: "denseav-mini",
      source: { uri: "x.mkv" },
      publish: { jsonl: { path: "x", labels: ["kettle", "dog"] } },
      ...change,
    });
    return await composeParts(config, { folder: "." }).labeler!();
  };
  assert.ok((await start({}))!.knows("kettle"));
  const refused = (message: RegExp) => (error: unknown) => {
    assert.ok(error instanceof PublishError);
    assert.deepEqual(error.path, ["publish", "jsonl"]);
    assert.match(error.message, message);
    return true;
  };
  await assert.rejects(
    start({ publish: { jsonl: { path: "x", labels: ["kettle", "ketle"] } } }),
    refused(/^publish\.jsonl\.labels\.1 must be a name that events can get .*, got "ketle"$/),
  );
  await assert.rejects(
    start({ labels: { model_names: false } }),
    refused(/^publish\.jsonl\.labels\.0 .*, got "kettle"$/),
  );
});

Deno.test("a label filter needs a model with labels", () => {
  const { publish } = pipelineSchema.parse({
    name: "front",
    model: "denseav-mini",
    source: { uri: "x.mkv" },
    publish: { jsonl: { path: "x", labels: ["dog"] }, mcap: { path: "y" } },
  });
  assert.deepEqual(
    unusedLabels(publish, undefined).map(({ path }) => path),
    [["publish", "jsonl", "labels", 0]],
  );
});
