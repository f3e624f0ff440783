import assert from "node:assert/strict";
import { HungError } from "../../src/model/hung_error.ts";
import { ModelError } from "../../src/model/manifest.ts";
import { LostEngineError } from "../../src/pipeline/engine_keeper.ts";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { runPipeline } from "../support/pipeline_run.ts";
import { FaultyEngines } from "./faulty_engine.ts";

const PATTERN = { video: "test://smpte", audio: "test://sine", frame_rate: 5 };
const failure = () => new ModelError("Cannot run audio.onnx: CUDA failure 700: an illegal access");

Deno.test("a model that fails is loaded again, and the pipeline continues", async () => {
  await using broker = await Mosquitto.start();
  const engines = new FaultyEngines();
  let left = 1;
  engines.nextFailure = () => left-- > 0 ? failure() : undefined;
  await using run = await runPipeline(broker, { source: PATTERN }, ".", engines.pool);
  await eventually("hops after the failure", () => run.pipeline.stats().hops.run > 2);
  assert.deepEqual([engines.loads, engines.releases], [2, 1]);
  assert.equal(run.pipeline.stats().model_reloads, 1);
  const states = run.states();
  const at = states.findIndex(({ state }) => state === "reconnecting");
  assert.match(
    states[at].reason!,
    /^Cannot run audio\.onnx: .*; the model is loaded again; next try within 1 s$/,
  );
  assert.equal(states[at + 1].state, "running");
});

Deno.test("a model that fails three times in a row ends the pipeline: the process must restart", async () => {
  await using broker = await Mosquitto.start();
  const engines = new FaultyEngines();
  engines.nextFailure = failure;
  await using run = await runPipeline(broker, { source: PATTERN }, ".", engines.pool);
  await assert.rejects(run.ended, (error: Error) => {
    assert.ok(error instanceof LostEngineError);
    assert.match(error.message, /illegal access; the process must be restarted$/);
    return true;
  });
  assert.deepEqual([engines.loads, engines.releases], [3, 3]);
  await eventually("it failed", () => run.states().at(-1)?.state === "failed");
});

Deno.test("a call that hangs ends the pipeline at once", async () => {
  await using broker = await Mosquitto.start();
  const engines = new FaultyEngines();
  engines.nextFailure = () => new HungError("run audio.onnx", 60_000);
  await using run = await runPipeline(broker, { source: PATTERN }, ".", engines.pool);
  await assert.rejects(run.ended, LostEngineError);
  assert.equal(engines.loads, 1);
});

Deno.test("a model that comes back on another provider counts as a failure", async () => {
  await using broker = await Mosquitto.start();
  const engines = new FaultyEngines();
  // What the first load ran on is gone: the others get the CPU.
  engines.bend = (engine, load) =>
    load > 1 ? engine : { ...engine, providers: { ...engine.providers, audio: "cuda" } };
  let left = 1;
  engines.nextFailure = () => left-- > 0 ? failure() : undefined;
  await using run = await runPipeline(broker, { source: PATTERN }, ".", engines.pool);
  await assert.rejects(run.ended, (error: Error) => {
    assert.ok(error instanceof LostEngineError);
    assert.match(error.message, /audio must run on cuda as before, got cpu/);
    return true;
  });
  assert.deepEqual([engines.loads, engines.releases], [3, 3]);
});
