import { Ajv2020 } from "ajv/dist/2020.js";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { jsonSchemas } from "../../src/cli/json_schemas.ts";
import { readPipeline } from "../../src/pipeline/load.ts";
import { eventSchema, type WhenceEvent } from "../../src/events/event.ts";
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

Deno.test("a variable may replace any value", () => {
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

Deno.test("the event's JSON Schema and eventSchema accept and reject the same events", async (t) => {
  const valid = validator("event.schema.json");
  const region = { peak: undefined, box: undefined };
  const bearing = { azimuth: 0, elevation: 0 };
  const cases: [name: string, changes: object, good: boolean][] = [
    ["a valid event", {}, true],
    ["a bearing", { bearing }, true],
    ["a score above 1", { score: 1.5 }, false],
    ["an unknown key", { surprise: 1 }, false],
    ["not located", { located: false, ...region }, true],
    ["not located, with a peak", { located: false, box: undefined }, false],
    ["not located, with a box", { located: false, peak: undefined }, false],
    ["not located, with a bearing", { located: false, ...region, bearing }, false],
    ["located without a peak", { peak: undefined }, false],
    ["located without a box", { box: undefined }, false],
    ["an end with a reason", { type: "end", reason: "source_lost" }, true],
    ["an end without a reason", { type: "end" }, true],
    ["an update with a reason", { type: "update", reason: "source_lost" }, false],
    ["an unknown reason", { type: "end", reason: "bored" }, false],
    ["labels and media", {
      labels: [{ name: "dog", score: 0.9 }],
      media: { picture: "a.jpg", clip: "a.mp4" },
    }, true],
    ["a label without a score", { labels: [{ name: "dog" }] }, false],
  ];
  for (const [name, changes, good] of cases) {
    await t.step(name, () => {
      const event: WhenceEvent = JSON.parse(JSON.stringify({ ...sampleEvent(), ...changes }));
      assert.equal(valid(event), good, JSON.stringify(valid.errors));
      assert.equal(eventSchema.safeParse(event).success, good);
    });
  }
});
