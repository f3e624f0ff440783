import assert from "node:assert/strict";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { FaultyEngines } from "./faulty_engine.ts";

const config = (edit: Record<string, unknown> = {}) =>
  pipelineSchema.parse({
    name: "front",
    source: { video: "test://ball", audio: "test://sine" },
    model: "denseav-mini",
    runtime: { providers: ["cpu"], threads: 1 },
    ...edit,
  });
const log = () => {};

Deno.test("pipelines with the same model share it until the last one releases it", async () => {
  const engines = new FaultyEngines();
  const [first, second] = await Promise.all([
    engines.pool.acquire(config(), ".", log),
    engines.pool.acquire(config({ name: "rear" }), ".", log),
  ]);
  assert.equal(engines.loads, 1);
  assert.equal(first.encoders, second.encoders);
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  assert.equal(engines.releases, 0);
  await second.encoders.encodeAudio(new Float32Array(16_000));
  await second[Symbol.asyncDispose]();
  assert.equal(engines.releases, 1);
  await using third = await engines.pool.acquire(config(), ".", log);
  assert.equal(engines.loads, 2);
  assert.notEqual(third.encoders, first.encoders);
});

Deno.test("another window, runtime or folder is another engine", async () => {
  const engines = new FaultyEngines();
  await using _a = await engines.pool.acquire(config(), ".", log);
  await using _b = await engines.pool.acquire(config({ window: { duration: "1s" } }), ".", log);
  await using _c = await engines.pool.acquire(
    config({ runtime: { threads: 2, providers: ["cpu"] } }),
    ".",
    log,
  );
  await using _d = await engines.pool.acquire(config(), "/", log);
  await using _e = await engines.pool.acquire(
    config({ runtime: { threads: 1, providers: ["cpu"] } }),
    ".",
    log,
  );
  assert.equal(engines.loads, 4);
});

Deno.test("a discarded engine is not shared any more, and freed by its last user", async () => {
  const engines = new FaultyEngines();
  const broken = await engines.pool.acquire(config(), ".", log);
  const other = await engines.pool.acquire(config(), ".", log);
  broken.discard();
  await broken[Symbol.asyncDispose]();
  await using again = await engines.pool.acquire(config(), ".", log);
  assert.equal(engines.loads, 2);
  assert.notEqual(again.encoders, other.encoders);
  other.discard();
  await using same = await engines.pool.acquire(config(), ".", log);
  assert.equal(same.encoders, again.encoders);
  assert.equal(engines.releases, 0);
  await other[Symbol.asyncDispose]();
  assert.equal(engines.releases, 1);
});

Deno.test("a load that failed is tried again by the next pipeline", async () => {
  const engines = new FaultyEngines();
  const missing = config({ model: "none" });
  const both = [engines.pool.acquire(missing, ".", log), engines.pool.acquire(missing, ".", log)];
  for (const attempt of both) await assert.rejects(attempt, /^ModelError: Cannot find model none/);
  await assert.rejects(engines.pool.acquire(missing, ".", log), /Cannot find model none/);
});
