import assert from "node:assert/strict";
import { OverrideError, parseOverride } from "../../src/config/override.ts";
import { LEAST, lines, readText } from "./pipeline_file.ts";

Deno.test("an override puts another value in the place of any key", async () => {
  const { config, faults } = await readText(LEAST, [
    "publish.mqtt.url=mqtt://host:1883",
    "source.fit=crop",
    "window.hop=100ms",
    "runtime.providers=[cpu]",
    "detect.zones.door=[[0, 0], [1, 0], [1, 1]]",
    "source.fit=stretch",
    "runtime.providers.0=cuda",
  ]);
  assert.deepEqual(faults, []);
  assert.equal(config?.publish.mqtt?.url, "mqtt://host:1883");
  assert.equal(config?.source.fit, "stretch");
  assert.equal(config?.window.hop, 0.1);
  assert.deepEqual(config?.runtime.providers, ["cuda"]);
  assert.deepEqual(config?.detect.zones.door, [[0, 0], [1, 0], [1, 1]]);
});

Deno.test("an empty override takes a key out", async () => {
  const { config, faults } = await readText(LEAST, [
    "source.uri=",
    "source.video=test://ball",
    "source.audio=silence://",
  ]);
  assert.deepEqual(faults, []);
  assert.equal(config?.source.uri, undefined);
  assert.equal(config?.source.video, "test://ball");
});

Deno.test("variables in an override are expanded and typed", async () => {
  const { config } = await readText(LEAST, ["runtime.threads=${N}"], { N: "3" });
  assert.equal(config?.runtime.threads, 3);
});

Deno.test("faults name the override they come from", async () => {
  const reading = await readText(LEAST + "window: { hop: 100ms }\n", [
    "window.hop=5",
    "source.fti=crop",
    "runtime={ threads: 0 }",
    "detect.gate=[",
    "camera.frame_id=${UNSET}",
    "model.x.y=1",
  ]);
  assert.deepEqual(lines(reading).toSorted(), [
    "--set camera.frame_id: ${UNSET} must have a default, or UNSET must be set in the environment",
    '--set detect.gate: detect.gate must be YAML, got "["; for a string, quote it: --set \'detect.gate="["\'',
    "--set model.x.y: model.x.y must name a key of a mapping, but a part before the last is no mapping",
    "--set runtime: runtime.threads must be at least 1, got 0",
    "--set source.fti: unknown key source.fti; did you mean fit?",
    "--set window.hop: window.hop must be a duration such as 250ms or 2s, got 5",
  ]);
});

Deno.test("an override is KEY=VALUE", () => {
  assert.deepEqual(parseOverride("a.b=c=d"), { key: "a.b", path: ["a", "b"], value: "c=d" });
  for (const text of ["", "a", "=1", "a..b=1", ".a=1"]) {
    assert.throws(() => parseOverride(text), OverrideError, text);
  }
});
