import { Ajv2020 } from "ajv/dist/2020.js";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { jsonSchemas } from "../../src/cli/json_schemas.ts";
import { readPipeline } from "../../src/pipeline/load.ts";
import type { WhenceEvent } from "../../src/events/event.ts";
import { sampleEvent } from "../support/sample_event.ts";

const CONFIG = fileURLToPath(new URL("../../config/", import.meta.url));
const PIPELINES = fileURLToPath(new URL("../../pipelines/", import.meta.url));

const validator = (name: string) =>
  new Ajv2020({ allErrors: true }).compile(JSON.parse(jsonSchemas()[name]));

Deno.test("the schemas in config/ are what `whence schema` writes", async (t) => {
  for (const [name, text] of Object.entries(jsonSchemas())) {
    await t.step(name, async () => {
      const file = await Deno.readTextFile(CONFIG + name);
      assert.equal(file, text, "deno task schema must be run and its output committed");
    });
  }
});

Deno.test("the JSON Schema takes every shipped pipeline", async (t) => {
  const valid = validator("pipeline.schema.json");
  const names = [...Deno.readDirSync(PIPELINES)].map((entry) => entry.name);
  assert.ok(names.length >= 7);
  for (const name of names) {
    await t.step(name, async () => {
      const text = await Deno.readTextFile(PIPELINES + name);
      assert.match(
        text,
        /^# yaml-language-server: \$schema=\.\.\/config\/pipeline\.schema\.json\n/,
      );
      assert.ok(valid(parse(text)), JSON.stringify(valid.errors));
    });
  }
});

Deno.test("the JSON Schema and the loader agree on what is wrong", async (t) => {
  const valid = validator("pipeline.schema.json");
  const base = { source: { uri: "a.mkv" }, model: "m" };
  const cases: [unknown, boolean][] = [
    [base, true],
    [{ ...base, name: "front-2" }, true],
    [{ ...base, name: "Front" }, false],
    [{ model: "m" }, false],
    [{ ...base, sorce: {} }, false],
    [{ ...base, window: { hop: "100ms" } }, true],
    [{ ...base, window: { hop: 100 } }, false],
    [{ ...base, runtime: { threads: 1.5 } }, false],
    [{ ...base, runtime: { providers: [] } }, false],
    [{ ...base, publish: { mqtt: { qos: 1 } } }, true],
    [{ ...base, publish: { mqtt: { qos: 2 } } }, false],
    [{ ...base, detect: { zones: { a: [[0, 0], [1, 0], [1, 1]] } } }, true],
    [{ ...base, detect: { zones: { a: [[0, 0], [1, 0], [1, 1.1]] } } }, false],
    [{ ...base, detect: { zones: { a: [[0, 0, 0], [1, 0], [1, 1]] } } }, false],
    [{ ...base, camera: { hfov: "78" } }, false],
  ];
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    for (const [content, good] of cases) {
      await t.step(JSON.stringify(content), async () => {
        assert.equal(valid(content), good);
        await Deno.writeTextFile(file, JSON.stringify(content));
        assert.equal((await readPipeline(file)).faults.length === 0, good);
      });
    }
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("variables may stand for any value", () => {
  const valid = validator("pipeline.schema.json");
  const pipeline = {
    source: { uri: "${CLIP}", frame_rate: "${RATE:-5}", fit: "${FIT:-crop}" },
    model: "m",
    window: { hop: "${HOP:-100ms}" },
    runtime: { threads: "${THREADS:-2}", fp16: "${FP16:-true}", providers: ["${P:-cpu}"] },
  };
  assert.ok(valid(pipeline), JSON.stringify(valid.errors));
  assert.ok(!valid({ ...pipeline, runtime: { threads: "two" } }));
});

Deno.test("the event's JSON Schema takes an event and refuses a broken one", () => {
  const valid = validator("event.schema.json");
  const event: WhenceEvent = JSON.parse(JSON.stringify(sampleEvent()));
  assert.ok(valid(event), JSON.stringify(valid.errors));
  assert.ok(!valid({ ...event, score: 1.5 }));
  assert.ok(!valid({ ...event, surprise: 1 }));
});
