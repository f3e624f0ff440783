import assert from "node:assert/strict";
import { join } from "node:path";
import type { ConfigFault } from "../../src/config/fault.ts";
import { readConfig } from "../../src/config/read.ts";
import { findModel } from "../../src/model/find_model.ts";
import { checkLabels } from "../../src/pipeline/labels_preflight.ts";
import { reachOf } from "../../src/pipeline/reach.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { withFiles } from "../config/pipeline_file.ts";

const HEAD = `source: { uri: x.mkv }\nmodel: denseav-mini\n`;

async function check(text: string, bank = "{}"): Promise<string[]> {
  const files = { "front.yaml": HEAD + text, "mine.json": bank };
  return await withFiles(files, async (folder) => {
    const { document, config, faults } = await readConfig(
      pipelineSchema,
      join(folder, "front.yaml"),
    );
    assert.deepEqual(faults, []);
    const found: ConfigFault[] = [];
    await checkLabels(document!, config!, await findModel("denseav-mini", folder), found);
    return found.map(({ line, message }) => `${line}: ${message}`);
  });
}

Deno.test("check names a label that no event can get, and a bank that cannot be read", async () => {
  const publish = "publish: { jsonl: { path: x, labels: [kettle, dog] } }";
  assert.deepEqual(await check(publish), []);
  assert.deepEqual(await check("publish: { jsonl: { path: x, labels: [kettle, ketle] } }"), [
    "3: publish.jsonl.labels.1 must be a name that events can get (whence label list --all), " +
    `got "ketle"`,
  ]);
  const none = await check(`labels: { model_names: false }\n${publish}`);
  assert.deepEqual(none.map((fault) => fault.slice(0, 25)), [
    "4: publish.jsonl.labels.0",
    "4: publish.jsonl.labels.1",
  ]);
  const [broken] = await check("labels: { bank: mine.json }");
  assert.match(broken, /^3: Cannot read the bank .*mine\.json: format: /);
  const [missing] = await check("labels: { bank: none.json }");
  assert.match(missing, /^3: Cannot read the bank .*none\.json: no such file/);
  const [things] = await check("things: none.json");
  assert.match(things, /^3: Cannot read the bank/);
});

Deno.test("least permissions let a pipeline read its banks", async () => {
  const text = `${HEAD}things: a.json\nlabels: { bank: b.json }\n`;
  await withFiles({ "front.yaml": text }, async (folder) => {
    const file = join(folder, "front.yaml");
    const { config } = await readConfig(pipelineSchema, file);
    const { read } = await reachOf({ config: config!, file, folder });
    for (const name of ["a.json", "b.json"]) assert.ok(read!.includes(join(folder, name)), name);
  });
});
