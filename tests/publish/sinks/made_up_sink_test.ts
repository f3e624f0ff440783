import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { knownKeys } from "../../../src/config/known_keys.ts";
import { readConfig } from "../../../src/config/read.ts";
import { composePipeline, sourceChecks } from "../../../src/pipeline/compose.ts";
import { preflight } from "../../../src/pipeline/preflight.ts";
import { pipelineSchemaOf } from "../../../src/pipeline/schema.ts";
import { SINKS } from "../../../src/publish/sinks.ts";
import { withFiles } from "../../config/pipeline_file.ts";
import { given, madeUpSink } from "./made_up_sink.ts";

const CLIP = fileURLToPath(new URL("../../../models/denseav-mini/demo.mkv", import.meta.url));
const sinks = [...SINKS, madeUpSink];
const schema = pipelineSchemaOf({ sinks });

const pipeline = (publish: string) =>
  `source: { uri: ${CLIP}, pace: fast }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: ${publish}
`;

async function check(publish: string) {
  return await withFiles({ "front.yaml": pipeline(publish) }, async (folder) => {
    const reading = await readConfig(schema, join(folder, "front.yaml"));
    const { found, faults } = await preflight(reading, sourceChecks(), { sinks });
    return { found, messages: faults.map(({ message, line }) => `${line}: ${message}`) };
  });
}

Deno.test("a pipeline runs with a sink from a file of its own", async () => {
  const config = schema.parse({
    name: "front",
    source: { uri: CLIP, pace: "fast" },
    model: "denseav-mini",
    runtime: { providers: ["cpu"], threads: 1 },
    publish: { made_up: { name: "run" } },
  });
  const pipeline = composePipeline(config, { folder: ".", log: () => {}, sinks });
  await pipeline.run(AbortSignal.timeout(300_000));
  const lines = given.get("run")!;
  assert.equal(lines[0], "open");
  assert.deepEqual(lines.slice(-2), ["state stopped", "close"]);
  const ids = (word: string) =>
    new Set(lines.filter((line) => line.startsWith(word)).map((line) => line.split(" ").at(-2)));
  assert.ok(ids("event end").size >= 5, lines.join("\n"));
  assert.deepEqual(ids("event new"), ids("event end"));
  assert.ok(ids("picture").size > 0);
  assert.ok(ids("picture").isSubsetOf(ids("event new")));
  for (const id of ids("picture")) {
    const picture = lines.indexOf(`picture ${id} image/jpeg`);
    assert.ok(lines.findIndex((line) => line.startsWith(`event new ${id}`)) < picture);
  }
  const { made_up: status } = pipeline.stats().sinks;
  assert.equal(status.acknowledged, lines.filter((line) => line.startsWith("event")).length);
  assert.equal(pipeline.stats().pictures.failed, 0);
});

Deno.test("schema and preflight know a sink from a file of its own", async () => {
  assert.deepEqual(knownKeys(schema, ["publish"]), ["mqtt", "jsonl", "mcap", "made_up"]);
  const { found, messages } = await check("{ made_up: { name: idle } }");
  assert.deepEqual(messages, []);
  assert.deepEqual(
    found.sinks!.map(({ descriptor, status, detail }) => ({
      key: descriptor.key,
      status,
      detail,
    })),
    [{ key: "made_up", status: "ok", detail: "memory is idle" }],
  );
  assert.deepEqual((await check("{ made_up: { name: busy } }")).messages, []);
  assert.deepEqual((await check("{ made_up: { name: full } }")).messages, [
    "4: Cannot publish to memory full: no memory left",
  ]);
  const [message, ...others] = (await check("{ made_up: { name: x, token_file: none } }")).messages;
  assert.match(message, /^4: publish\.made_up\.token_file must be a readable file, got .*\/none/);
  assert.deepEqual(others, []);
  assert.deepEqual((await check("{}")).messages, [
    "4: publish must have at least one of mqtt, jsonl, mcap, made_up",
  ]);
  assert.match((await check("{ made_up: { nam: x } }")).messages.join(), /did you mean name\?/);
});
