import assert from "node:assert/strict";
import { Labeler } from "../../src/labels/labeler.ts";
import type { Thing } from "../../src/model/things/thing_bank.ts";
import { codeAt, madeSpace } from "./made_space.ts";

const space = madeSpace([25, 25]);
const NAMES = [
  { name: "cup", examples: 5, code: codeAt([8, 0]) },
  { name: "dog", examples: 5, code: codeAt([0, 8]) },
];
const labels = new Map([["speech" as const, { space, names: NAMES }]]);
const thing = (name: string, at: readonly number[], kind: Thing["kind"] = "speech"): Thing => ({
  name,
  kind,
  model: "made@1",
  code: codeAt(at),
  length: 1,
});
const rules = { min_score: 0.5 };
const names = (labeler: Labeler, at: readonly number[]) =>
  labeler.label("speech", codeAt(at, 12)).map(({ name }) => name);

Deno.test("a labeler names what is near a name, and nothing else", () => {
  const labeler = new Labeler(labels, [], rules);
  assert.deepEqual(names(labeler, [8, 0]), ["cup"]);
  assert.deepEqual(names(labeler, [0, 7.5]), ["dog"]);
  assert.deepEqual(names(labeler, [-8, 0]), []);
  assert.deepEqual(names(labeler, [4, 4]), []);
  assert.deepEqual(labeler.label("sound", codeAt([8, 0])), []);
  assert.deepEqual(labeler.label("speech", new Float32Array(3)), []);
  const [{ score }] = labeler.label("speech", codeAt([8, 0]));
  assert.ok(score > 0.9 && score <= 1);
});

Deno.test("names of the user are used beside the model's, each with the mean of its examples", () => {
  const added = [thing("my mug", [-9, 1]), thing("my mug", [-7, -1]), thing("x", [8, 0], "sound")];
  const labeler = new Labeler(labels, added, rules);
  assert.deepEqual(names(labeler, [-8, 0]), ["my mug"]);
  assert.deepEqual(names(labeler, [8, 0]), ["cup"]);
  const alone = new Labeler(new Map([["speech", { space, names: [] }]]), added, rules);
  assert.deepEqual(names(alone, [8, 0]), []);
});

Deno.test("labels come most probable first, down to the least score", () => {
  const labeler = new Labeler(labels, [], { min_score: 0 });
  const [first, second] = labeler.label("speech", codeAt([4.5, 3.5]));
  assert.deepEqual([first.name, second.name], ["cup", "dog"]);
  assert.ok(first.score > second.score && first.score + second.score <= 1);
});
