import assert from "node:assert/strict";
import { detectSchema } from "../../src/detection/detect_schema.ts";
import { changedDetect, detectEdits } from "../../src/pipeline/tuning.ts";

const DETECT = detectSchema.parse({ zones: { sofa: [[0, 0], [1, 0], [1, 1]] } });

function changed(change: unknown) {
  const detect = changedDetect(DETECT, change);
  assert.ok(typeof detect !== "string", String(detect));
  return detect;
}

Deno.test("a change leaves the other settings as they are", () => {
  const detect = changed({ sound: { on: 0.8 }, gate: -40 });
  assert.deepEqual(detect, { ...DETECT, gate: -40, sound: { ...DETECT.sound, on: 0.8 } });
});

Deno.test("zones that are not named stay; null removes one", () => {
  const { sofa } = DETECT.zones;
  const door = [[0, 0], [0.5, 0], [0.5, 0.5]];
  assert.deepEqual(changed({ zones: {} }).zones, { sofa });
  assert.deepEqual(changed({ zones: { door } }).zones, { sofa, door });
  assert.deepEqual(changed({ zones: { sofa: null } }).zones, {});
  assert.deepEqual(changed({ zones: { sofa: null, bed: sofa } }).zones, { bed: sofa });
  assert.deepEqual(changed({ zones: { nothing: null } }).zones, { sofa });
});

Deno.test("a change that is not valid is one line", () => {
  const cases: [unknown, RegExp][] = [
    [{ sound: { on: 2 } }, /^Cannot change detect\.sound\.on: .*<=1/],
    [{ sound: { off: 0.9 } }, /^Cannot change detect\.sound\.off: .*above on \(0\.6\), got 0\.9$/],
    [{ zones: { "a b": [[0, 0], [1, 0], [1, 1]] } }, /letters, digits/],
    [{ zones: { a: [[0, 0], [1, 0]] } }, /at least 3 corners/],
    [{ source: "x" }, /^Cannot change detect: /],
    [{ gate: NaN }, /detect\.gate/],
    [null, /^Cannot change detect: /],
  ];
  for (const [change, message] of cases) {
    const fault = changedDetect(DETECT, change);
    assert.ok(typeof fault === "string", JSON.stringify(change));
    assert.match(fault, message);
    assert.ok(!fault.includes("\n"));
  }
});

Deno.test("edits are the keys that differ, as a pipeline file writes them", () => {
  assert.deepEqual(detectEdits(DETECT, DETECT), []);
  const detect = changed({
    sound: { on: 0.8, merge_gap: 1.5 },
    speech: { min_duration: 0.2 },
    gate: -40,
    region: { level: 0.3 },
    zones: { sofa: null, door: [[0.1234567, 0], [1, 0], [1, 1]] },
  });
  assert.deepEqual(detectEdits(DETECT, detect).map(({ path, value }) => [path.join("."), value]), [
    ["detect.sound.on", 0.8],
    ["detect.sound.merge_gap", "1.5s"],
    ["detect.speech.min_duration", "200ms"],
    ["detect.gate", "-40dBFS"],
    ["detect.region.level", 0.3],
    ["detect.zones.sofa", undefined],
    ["detect.zones.door", [[0.123, 0], [1, 0], [1, 1]]],
  ]);
});
