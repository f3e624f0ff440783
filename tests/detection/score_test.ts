import assert from "node:assert/strict";
import { CalibratedScorer, RunningScorer } from "../../src/detection/score.ts";

Deno.test("CalibratedScorer is the fitted logistic map", () => {
  const scorer = new CalibratedScorer({ slope: 2, offset: -3 });
  assert.equal(scorer.score(1.5), 0.5);
  assert.ok(Math.abs(scorer.score(2) - 1 / (1 + Math.exp(-1))) < 1e-12);
});

Deno.test("RunningScorer scores what stands out from the recent past, whatever the scale", () => {
  for (const scale of [0.01, 1, 300]) {
    const scorer = new RunningScorer();
    const noise = (i: number) => scale * (5 + Math.sin(i * 1.7) + 0.5 * Math.sin(i * 0.31));
    const quiet = Array.from({ length: 400 }, (_, i) => scorer.score(noise(i)));
    assert.ok(Math.max(...quiet) < 0.5, `${Math.max(...quiet)}`);
    assert.equal(quiet.length, 400);
    assert.ok(scorer.score(scale * 10) > 0.9);
  }
});

Deno.test("RunningScorer stays at a low score on a constant signal", () => {
  const scorer = new RunningScorer();
  for (let i = 0; i < 10; i++) assert.ok(scorer.score(0) < 0.1);
});
