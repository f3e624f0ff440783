import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { eventSchema } from "../../src/events/event.ts";
import { runPipelines } from "../../src/cli/run/run_pipelines.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { pipelineTopics } from "../../src/publish/mqtt/topics.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

const page = await Deno.readTextFile(new URL("../../docs/events.md", import.meta.url));

/** The codes in the first column of the table in a section; `a.b`, `.c` stands for `a.b` and `a.c`. */
function documented(section: string): Set<string> {
  const [, text] = new RegExp(`^## ${section}\n(.*?)^## `, "ms").exec(page)!;
  return new Set([...text.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) => {
    const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    const group = names[0].slice(0, names[0].lastIndexOf("."));
    return names.map((name) => name.startsWith(".") ? group + name : name);
  }));
}

function fieldsOf({ properties }: JsonSchema, prefix = ""): string[] {
  return Object.entries(properties ?? {}).flatMap(([key, value]) => {
    const inner = fieldsOf(value as JsonSchema, `${prefix}${key}.`);
    return inner.length > 0 ? inner : [prefix + key];
  });
}

function keysOf(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null) return [prefix.slice(0, -1)];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${prefix}${key}.`));
}

/** Counters of a pipeline whose model was loaded in time: a busy machine needs more than one second. */
async function statsOf(file: string) {
  for (const duration of [1, 10, 60]) {
    const [pipeline] = await runPipelines([await loadPipeline(file)], { duration });
    const stats = pipeline.stats();
    if (Object.keys(stats.providers).length > 0) return stats;
  }
  throw new Error("the model was not loaded within a minute");
}

Deno.test("docs/events.md describes every field of an event, and no other", () => {
  const fields = fieldsOf(z.toJSONSchema(eventSchema));
  assert.deepEqual([...documented("Fields")].sort(), fields.sort());
});

Deno.test("docs/events.md describes every topic of a pipeline", () => {
  const topics = Object.values(pipelineTopics("P", "NAME")).map((topic) =>
    typeof topic === "string" ? topic : topic("sound").replace("sound", "KIND")
  );
  for (const topic of topics) assert.ok(documented("Topics").has(topic), topic);
});

Deno.test("docs/events.md describes every counter of stats, and no other", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "stats.yaml");
    await Deno.writeTextFile(
      file,
      [
        "source: { video: 'test://ball', audio: 'test://ticks' }",
        "model: denseav-mini",
        "runtime: { providers: [cpu] }",
        "publish: { jsonl: events.jsonl }",
      ].join("\n"),
    );
    const keys = keysOf(await statsOf(file))
      .map((key) => key.replace(/^sinks\.jsonl\./, "sinks.NAME."))
      .map((key) => key.startsWith("providers.") ? "providers" : key);
    assert.deepEqual([...documented("Stats")].sort(), [...new Set(keys)].sort());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
