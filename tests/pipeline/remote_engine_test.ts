import assert from "node:assert/strict";
import { findModel } from "../../src/model/find_model.ts";
import { OipServer } from "../model/runtime/remote/oip_server.ts";
import { eventually } from "../support/eventually.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { runPipeline } from "../support/pipeline_run.ts";

const PATTERN = { video: "test://smpte", audio: "test://sine", frame_rate: 2 };

Deno.test("a pipeline waits for an inference server that restarts, for more tries than a local model gets", async () => {
  await using broker = await Mosquitto.start();
  const folder = await findModel("denseav-mini", Deno.cwd());
  const first = await OipServer.open(folder);
  const { library, port } = first;
  let second: OipServer | undefined;
  try {
    const runtime = { library, threads: 1, run_limit: "30s" };
    await using run = await runPipeline(broker, { source: PATTERN, runtime }, ".");
    const runs = () => run.pipeline.stats().hops.run;
    await eventually("it runs", () => runs() > 0);
    await first[Symbol.asyncDispose]();
    const tries = () =>
      run.states().filter(({ state, reason }) =>
        state === "reconnecting" && /^Cannot .*connection refused/.test(reason!)
      ).length;
    await eventually("three tries have failed", () => tries() >= 3);
    second = await OipServer.open(folder, { port });
    const before = runs();
    await eventually("it runs again", () => runs() > before);
    assert.equal(run.states().at(-1)!.state, "running");
    assert.ok(second.requests.includes("/v2/models/denseav-mini-audio/infer"));
  } finally {
    await second?.[Symbol.asyncDispose]();
  }
});
