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

Deno.test("an event gets at most the 10 most probable labels", () => {
  const names = Array.from({ length: 30 }, (_, i) => ({
    name: `name ${i}`,
    examples: 5,
    code: codeAt([i / 10, 0]),
  }));
  const labeler = new Labeler(new Map([["speech", { space, names }]]), [], { min_score: 0 });
  const labels = labeler.label("speech", codeAt([3, 0]));
  assert.equal(labels.length, 10);
  assert.equal(labels[0].name, "name 29");
});

Deno.test("a score is at most 1, however a name's prototypes are rounded", () => {
  // Shares of one certain name: their sum is 1 + 2 ** -52 or so for some counts.
  for (let count = 2; count < 60; count++) {
    for (let at = 0; at < 10; at++) {
      const names = Array.from({ length: count }, (_, i) => ({
        name: "cup",
        examples: 1 + i,
        code: codeAt([60 + at / 3, i / 7]),
      }));
      const labeler = new Labeler(new Map([["speech", { space, names }]]), [], rules);
      for (const { score } of labeler.label("speech", codeAt([60, at]))) assert.ok(score <= 1);
    }
  }
});
