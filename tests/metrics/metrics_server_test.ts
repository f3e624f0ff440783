import assert from "node:assert/strict";
import { composePipeline } from "../../src/pipeline/compose.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { MetricsError, MetricsServer } from "../../src/metrics/metrics_server.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { runPipeline } from "../support/pipeline_run.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };
const SOURCE = { video: "test://smpte", audio: "test://sine", frame_rate: 5 };

/** One sample of the exposition format, by its name and labels. */
function value(text: string, name: string, labels = ""): number {
  const line = text.split("\n").find((line) =>
    line.startsWith(`${name}{pipeline="front"${labels}} `)
  );
  assert.ok(line, `${name}${labels} is missing in:\n${text}`);
  return Number(line.split(" ").at(-1));
}

Deno.test("metrics show what a running pipeline counts, and that it works", async () => {
  await using broker = await Mosquitto.start();
  const detect = { sound: { on: 0.001, off: 0.0005 } };
  await using run = await runPipeline(broker, { source: SOURCE, detect }, ".");
  await using server = new MetricsServer([run.pipeline], {
    address: LOCAL,
    version: "7",
    log() {},
  });
  const metrics = async () => await (await fetch(`${server.url}/metrics`)).text();
  await eventually(
    "events are acknowledged",
    () => run.pipeline.stats().sinks.mqtt.acknowledged > 0,
  );
  await eventually(
    "hops per second",
    async () => {
      const text = await metrics();
      return value(text, "whence_hops_per_second") > 0 &&
        value(text, "whence_hops_total", ',outcome="run"') > 2;
    },
  );
  const response = await fetch(`${server.url}/metrics`);
  assert.match(response.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  assert.equal(value(text, "whence_pipeline_state", ',state="running"'), 1);
  assert.equal(value(text, "whence_pipeline_state", ',state="failed"'), 0);
  assert.ok(value(text, "whence_hops_total", ',outcome="run"') > 2);
  assert.ok(value(text, "whence_frames_total", ',outcome="captured"') > 2);
  assert.ok(value(text, "whence_audio_total", ',outcome="samples"') > 2);
  assert.ok(value(text, "whence_events_total", ',kind="sound"') >= 1);
  assert.ok(value(text, "whence_event_latency_seconds", ',quantile="0.5"') > 0);
  assert.ok(value(text, "whence_sink_messages_total", ',sink="mqtt",outcome="acknowledged"') > 0);
  assert.equal(value(text, "whence_sink_up", ',sink="mqtt"'), 1);
  assert.equal(value(text, "whence_provider_info", ',part="image",provider="cpu"'), 1);
  await eventually("the level", async () => {
    const line = /^whence_audio_level_dbfs\{pipeline="front"\} (\S+)$/m.exec(await metrics());
    return line !== null && Number(line[1]) > -10;
  });
  assert.match(text, /^process_resident_memory_bytes \d{8,}$/m);
  assert.match(text, /^whence_info\{version="7"\} 1$/m);
  const health = await fetch(`${server.url}/healthz`);
  assert.equal(health.status, 200);
  assert.deepEqual(await health.json(), {
    ok: true,
    pipelines: { front: { ok: true, state: "running", reason: null, complaints: [] } },
  });
});

Deno.test("healthz tells that a source is unavailable", async () => {
  await using broker = await Mosquitto.start();
  const source = { video: "v4l2:///dev/video-none", audio: "test://sine" };
  await using run = await runPipeline(broker, { source }, ".");
  await using server = new MetricsServer([run.pipeline], {
    address: LOCAL,
    version: "7",
    log() {},
  });
  await eventually("it reconnects", () => run.states().at(-1)?.state === "reconnecting");
  const response = await fetch(`${server.url}/healthz`);
  assert.equal(response.status, 503);
  const { ok, pipelines: { front } } = await response.json();
  assert.deepEqual([ok, front.ok, front.state], [false, false, "reconnecting"]);
  assert.match(front.reason, /video-none/);
});

Deno.test("a metrics port that is taken is one line", () => {
  const port = freePort();
  using _taken = Deno.listen({ hostname: "127.0.0.1", port });
  assert.throws(
    () =>
      new MetricsServer([], { address: { hostname: "127.0.0.1", port }, version: "7", log() {} }),
    (error: Error) =>
      error instanceof MetricsError &&
      new RegExp(`^Cannot serve metrics on 127\\.0\\.0\\.1:${port}: .*in use`).test(error.message),
  );
});

Deno.test("a pipeline that was never run is starting and has no samples", async () => {
  const config = pipelineSchema.parse({
    name: "front",
    source: SOURCE,
    model: "denseav-mini",
    publish: { jsonl: "events.jsonl" },
  });
  const pipeline = composePipeline(config, { folder: "/nowhere", log() {} });
  await using server = new MetricsServer([pipeline], { address: LOCAL, version: "7", log() {} });
  const text = await (await fetch(`${server.url}/metrics`)).text();
  assert.equal(value(text, "whence_pipeline_state", ',state="starting"'), 1);
  assert.equal(value(text, "whence_hops_total", ',outcome="run"'), 0);
  assert.doesNotMatch(text, /^whence_audio_level_dbfs\{/m);
  const response = await fetch(`${server.url}/healthz`);
  assert.equal(response.status, 503);
  await response.body?.cancel();
  const missing = await fetch(`${server.url}/other`);
  assert.equal(missing.status, 404);
  await missing.body?.cancel();
});
