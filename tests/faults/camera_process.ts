// Runs a pipeline on an RTSP camera: real capture, a small model, the publisher, outbox and MQTT sink of Whence. Its events go to a
// ledger, too, after the outbox has them. SIGUSR2 makes the next inference fail. As `whence run`, it exits with 1 when only a new
// process can help.
import { appendFileSync } from "node:fs";
import { dirname } from "node:path";
import { ModelError } from "../../src/model/manifest.ts";
import { composePipeline } from "../../src/pipeline/compose.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { FaultyEngines } from "../pipeline/faulty_engine.ts";

const [url, camera, model, stateFolder, ledger] = Deno.args;
const engines = new FaultyEngines();
let failures = 0;
engines.nextFailure = () =>
  failures-- > 0 ? new ModelError("Cannot run audio.onnx: an injected error") : undefined;
Deno.addSignalListener("SIGUSR2", () => failures = 1);

const track = { on: 0.6, off: 0.4, min_duration: "60ms", merge_gap: "100ms" };
const config = pipelineSchema.parse({
  name: "camera",
  source: { uri: camera, frame_rate: 5 },
  model,
  runtime: { providers: ["cpu"], threads: 1 },
  window: { duration: "1s", hop: "100ms", lookahead: "100ms" },
  detect: { sound: track, speech: track },
  publish: { mqtt: { url } },
});
const log = (level: string, message: string) => console.error(`${level}: ${message}`);
const pipeline = composePipeline(config, {
  folder: dirname(ledger),
  log,
  stateFolder,
  engines: engines.pool,
  heard: ({ id, seq, type }) => appendFileSync(ledger, `${id} ${seq} ${type}\n`),
});
const ending = new AbortController();
Deno.addSignalListener("SIGTERM", () => ending.abort());
try {
  await pipeline.run(ending.signal);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
Deno.exit(0);
