import assert from "node:assert/strict";
import { labelReport } from "../../../src/cli/label/label_report.ts";

const clip = (truth: string, ...names: string[]) => ({
  file: "x.wav",
  truth,
  labels: names.map((name, i) => ({ name, score: 0.9 - 0.3 * i })),
});

Deno.test("a report counts right, missing and wrong labels of each name", () => {
  const report = labelReport([
    clip("dog", "dog", "cat"),
    clip("dog", "cat"),
    clip("dog", "cat"),
    clip("dog", "cow"),
    clip("cat"),
    clip("unknown"),
    clip("unknown", "dog"),
  ]);
  assert.equal(
    report,
    [
      "name     clips  right  no label  wrong  taken for",
      "cat          1      0         1      0",
      "dog          4      1         0      3  cat 2, cow",
      "unknown      2      1         1      1  dog",
      "",
      "top-1: 1 of 5 recordings right (20 %)",
      "unknown: 1 of 2 recordings without a label",
      "labels: 5 labels, mean score 0.90, 20 % right",
    ].join("\n"),
  );
});
