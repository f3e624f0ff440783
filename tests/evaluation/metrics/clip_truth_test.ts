import assert from "node:assert/strict";
import { type ClipTruth, compareWithTruth } from "../../../src/evaluation/metrics/clip_truth.ts";
import { sampleEvent } from "../../support/sample_event.ts";

const TRUTH: ClipTruth = {
  duration: 10,
  events: [
    { kind: "sound", name: "dog", onset: 1, offset: 2, box: [0, 0, 0.5, 1] },
    { kind: "sound", name: "cow", onset: 3, offset: 4, box: [0.5, 0, 1, 1] },
    { kind: "speech", name: "cow", onset: 3, offset: 4, box: [0.5, 0, 1, 1] },
  ],
};

const ended = (kind: "sound" | "speech", onset: number, offset: number, x: number) => ({
  ...sampleEvent(),
  type: "end" as const,
  kind,
  peak: [x, 0.5] as [number, number],
  stream: { onset, offset },
});

Deno.test("each true sound is matched by the event that covers it best, in place or not", () => {
  const { findings, spurious } = compareWithTruth(
    [ended("sound", 1.1, 2.2, 0.2), ended("sound", 3, 4, 0.1), ended("sound", 3.4, 3.8, 0.9)],
    TRUTH,
  );
  assert.deepEqual(findings.map(({ event, inPlace }) => [event?.stream.onset, inPlace]), [
    [1.1, true],
    [3, false],
    [undefined, false],
  ]);
  assert.equal(spurious.length, 1);
});

Deno.test("one long event matches one sound only; an event that barely overlaps matches none", () => {
  const long = compareWithTruth([ended("sound", 0, 10, 0.2)], TRUTH);
  assert.equal(long.findings.filter(({ event }) => event).length, 1);
  const touch = compareWithTruth([ended("sound", 0, 1.2, 0.2)], TRUTH);
  assert.equal(touch.findings.filter(({ event }) => event).length, 0);
  assert.equal(touch.spurious.length, 1);
});
