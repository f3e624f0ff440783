import assert from "node:assert/strict";
import { join } from "node:path";
import { openCapture } from "../../src/capture/capture.ts";
import { findDevices } from "../../src/capture/devices.ts";
import { packageOfElement } from "../../src/capture/packages.ts";
import { planCapture } from "../../src/capture/plan.ts";
import { sourceSchemaOf } from "../../src/capture/source_schema.ts";
import { SOURCES } from "../../src/capture/sources.ts";
import { setupElements, usualElements } from "../../src/capture/usual_elements.ts";
import { probeSource } from "../../src/capture/probe_source.ts";
import { composePipeline } from "../../src/pipeline/compose.ts";
import { pipelineSchemaOf } from "../../src/pipeline/schema.ts";
import { eventually } from "../support/eventually.ts";
import { tone } from "./tone_source.ts";

const sources = [...SOURCES, tone];
const schema = sourceSchemaOf(sources);

/** How often a wave crosses zero upwards in a second. */
function pitch(samples: Float32Array): number {
  const crossings = samples.reduce(
    (count, value, at) => count + Number(at > 0 && samples[at - 1] < 0 && value >= 0),
    0,
  );
  return crossings * 16000 / samples.length;
}

Deno.test("a source declared in its own file can be captured", async () => {
  const source = schema.parse({ uri: "tone:500", pace: "fast" });
  const plan = planCapture(source, {
    width: 32,
    height: 32,
    sampleRate: 16000,
    folder: "/",
    sources,
  });
  assert.ok(plan.elements.includes("sinesrc"));
  const elements = plan.elements.filter((element) => element !== "sinesrc");
  await using capture = await openCapture({ ...plan, elements });
  const sound = new Float32Array(16000);
  let heard = 0;
  for await (const { samples } of capture.audio()) {
    sound.set(samples.subarray(0, sound.length - heard), heard);
    heard += samples.length;
    if (heard >= sound.length) break;
  }
  assert.ok(Math.abs(pitch(sound) - 500) < 2, `${pitch(sound)} Hz`);
  for await (const { data } of capture.frames()) {
    assert.ok(data[32 * 16 * 3] > 230, `${data[32 * 16 * 3]}`);
    break;
  }
});

Deno.test("a pipeline runs on a source declared in its own file", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-source-" });
  try {
    const quick = { ...tone, laterElements: undefined };
    const registry = [...SOURCES, quick];
    const config = pipelineSchemaOf({ sources: registry }).parse({
      name: "tone",
      source: { uri: "tone:440" },
      model: "denseav-mini",
      runtime: { providers: ["cpu"], threads: 1 },
      publish: { jsonl: join(folder, "events.jsonl") },
    });
    const pipeline = composePipeline(config, { folder, log: () => {}, sources: registry });
    const stop = new AbortController();
    const running = pipeline.run(stop.signal);
    await eventually("the pipeline hops", () => pipeline.stats().hops.run >= 2);
    stop.abort();
    await running;
    assert.ok(pipeline.stats().frames.captured > 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("schema, help, doctor and setup use the descriptor of a new source", async () => {
  const wrong = schema.safeParse({ uri: "tone:high" });
  assert.equal(wrong.error?.issues[0].message, "must be tone:HERTZ, such as tone:440");
  const unknown = schema.safeParse({ uri: "ftp://host/x" });
  assert.match(unknown.error?.issues[0].message ?? "", /^must be a file path, .* or tone:HERTZ$/);
  assert.match(schema.shape.uri.description ?? "", /tone:HERTZ/);
  assert.equal(sourceSchemaOf(SOURCES).safeParse({ uri: "tone:440" }).success, false);

  const source = schema.parse({ uri: "tone:440" });
  const [finding] = await probeSource(source, "/", sources);
  assert.deepEqual([finding.name, finding.status, finding.detail], ["tone:440", "ok", "440 Hz"]);
  const loud = schema.parse({ uri: "tone:9000" });
  const options = { width: 32, height: 32, sampleRate: 16000, folder: "/", sources };
  assert.throws(() => planCapture(loud, options), /Cannot play 9000 Hz: too high/);
  assert.ok(findDevices("/nowhere", sources).some(({ name }) => name === "concert pitch"));
  assert.deepEqual(usualElements([tone]).filter((name) => name.endsWith("testsrc")), [
    "videotestsrc",
    "audiotestsrc",
  ]);
  const packaged = { ...tone, packages: { theremin: "gstreamer1.0-theremin" } };
  assert.equal(packageOfElement("theremin", [packaged]), "gstreamer1.0-theremin");
  const needy = { ...tone, setup: ["theremin"] };
  assert.ok(setupElements([...SOURCES, needy]).includes("theremin"));
});
