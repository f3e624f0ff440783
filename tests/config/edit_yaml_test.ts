import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { editedLines, editYaml, YamlEditError } from "../../src/config/edit_yaml.ts";

const FILE = `# yaml-language-server: $schema=../config/pipeline.schema.json
# A camera at the door.

name: front # its topic

source:
  video: "v4l2:///dev/video0"
  audio: 'alsa://hw:1'   # the array
detect:
  # Found by listening.
  sound: { on: 0.7, off: 0.5 }
  gate: -50dBFS # loud room
  zones:
    sofa: [[0, 0.5], [0.4, 0.5], [0.4, 1]] # left
publish:
  mqtt: { url: "mqtt://\${HOST}:1883" }
`;

Deno.test("values change, comments and the rest stay", () => {
  const edited = editYaml(FILE, [
    { path: ["detect", "sound", "on"], value: 0.8 },
    { path: ["detect", "gate"], value: "-45dBFS" },
    { path: ["detect", "speech", "min_duration"], value: "200ms" },
    { path: ["detect", "zones", "sofa"], value: [[0, 0.6], [0.4, 0.6], [0.4, 1]] },
    { path: ["detect", "zones", "door"], value: [[0.5, 0], [1, 0], [1, 1]] },
  ]);
  const others = (text: string) =>
    text.split("\n").filter((line) => !/sound:|gate:|sofa:|door:|speech|min_d/.test(line));
  assert.deepEqual(others(edited), others(FILE));
  for (const comment of FILE.match(/#.*/g)!) assert.ok(edited.includes(comment), comment);
  assert.deepEqual(parse(edited).detect, {
    sound: { on: 0.8, off: 0.5 },
    gate: "-45dBFS",
    zones: { sofa: [[0, 0.6], [0.4, 0.6], [0.4, 1]], door: [[0.5, 0], [1, 0], [1, 1]] },
    speech: { min_duration: "200ms" },
  });
  assert.match(edited, /^ {4}door: \[\[0\.5, 0\], \[1, 0\], \[1, 1\]\]$/m);
  assert.match(edited, /^ {2}speech:\n {4}min_duration: 200ms$/m);
});

Deno.test("a key is removed, and its block when that is empty", () => {
  const edited = editYaml(FILE, [{ path: ["detect", "zones", "sofa"], value: undefined }]);
  assert.equal("zones" in parse(edited).detect, false);
});

Deno.test("blocks that are missing or empty are made", () => {
  const edits = [{ path: ["detect", "sound", "on"], value: 0.5 }];
  assert.equal(editYaml("name: a\n", edits), "name: a\ndetect:\n  sound:\n    on: 0.5\n");
  assert.equal(editYaml("detect:\n", edits), "detect:\n  sound:\n    on: 0.5\n");
  assert.equal(editYaml("", edits), "detect:\n  sound:\n    on: 0.5\n");
});

Deno.test("keys in braces change in place", () => {
  const on = { path: ["detect", "sound", "on"], value: 0.5 };
  const gap = { path: ["detect", "sound", "merge_gap"], value: "1s" };
  const text = "detect: { sound: { on: 0.7 }, gate: -50dBFS } # braces\n";
  assert.equal(
    editYaml(text, [on, gap]),
    "detect: { sound: { on: 0.5, merge_gap: 1s }, gate: -50dBFS } # braces\n",
  );
  assert.equal(editYaml("detect: {}\n", [on]), "detect: { sound: { on: 0.5 } }\n");
  assert.equal(
    editYaml(text, [{ path: ["detect", "gate"], value: undefined }]),
    "detect: { sound: { on: 0.7 } } # braces\n",
  );
});

Deno.test("an alias is not edited: that would change another block too", () => {
  const text = "base: &base { on: 0.7 }\ndetect:\n  sound: *base\n";
  assert.throws(() => editYaml(text, [{ path: ["detect", "sound", "on"], value: 0.5 }]), {
    message: "detect.sound must be a mapping",
  });
});

Deno.test("any sequence of edits gives what it says", () => {
  const key = fc.constantFrom("a", "b", "c");
  const path = fc.array(key, { minLength: 2, maxLength: 2 });
  const value = fc.option(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant("x")), {
    nil: undefined,
  });
  const text = fc.constantFrom(
    "",
    "a:\n  b: 1 # one\nb:\n",
    "a: {b: 1, c: 2}\n",
    "# x\nc:\n    a: 1\n",
  );
  fc.assert(fc.property(text, fc.array(fc.record({ path, value })), (text, edits) => {
    const expected = parse(text) ?? {};
    for (const { path: [outer, inner], value } of edits) {
      if (value !== undefined) expected[outer] = { ...expected[outer], [inner]: value };
      else if (expected[outer]) delete expected[outer][inner];
    }
    const result = parse(editYaml(text, edits)) ?? {};
    for (const outer of ["a", "b", "c"]) {
      assert.deepEqual(result[outer] ?? {}, expected[outer] ?? {});
    }
  }));
});

Deno.test("edited lines are ready to be copied", () => {
  assert.equal(
    editedLines([
      { path: ["detect", "gate"], value: "-45dBFS" },
      { path: ["detect", "zones", "door"], value: [[0.5, 0], [1, 0], [1, 1]] },
      { path: ["detect", "zones", "sofa"], value: undefined },
    ]),
    "detect:\n  gate: -45dBFS\n  zones:\n    door: [[0.5, 0], [1, 0], [1, 1]]\n# removed: detect.zones.sofa\n",
  );
  assert.equal(editedLines([]), "");
});

Deno.test("broken YAML is refused", () => {
  const edit = { path: ["a"], value: 1 };
  assert.throws(() => editYaml("a: [", [edit]), YamlEditError);
});
