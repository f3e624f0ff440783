import assert from "node:assert/strict";
import { type EvidenceClip, fitEvidence, gatherEvidence } from "../../src/calibration/evidence.ts";
import { fitLogistic } from "../../src/calibration/fit_logistic.ts";
import { probability } from "../../src/core/logistic.ts";
import { HEAD_KINDS } from "../../src/core/head_kind.ts";
import { stepsBetween } from "../../src/evaluation/metrics/time_mask.ts";
import { normal, quantile } from "./normal.ts";

/** Written by models/training/tests/golden_calibration.py, whose own test holds it against the export. */
interface Golden {
  readonly heads: number;
  readonly channels: number;
  readonly cells: number;
  readonly steps: number;
  readonly feature_rate: number;
  readonly first_feature: number;
  readonly clips: readonly {
    readonly picture: number[];
    readonly audio: number[];
    readonly targets: readonly { kind: number; onset: number; offset: number }[];
  }[];
  readonly fits: readonly {
    readonly matched: { count: number; sum: number };
    readonly mismatched: { count: number; sum: number };
    readonly slope: number;
    readonly offset: number;
  }[];
}

const GOLDEN: Golden = JSON.parse(
  await Deno.readTextFile(
    new URL("../../models/training/tests/golden_calibration.json", import.meta.url),
  ),
);

/** `activation [K, T]` by its definition. */
function activation(sound: readonly number[], picture: readonly number[]): Float32Array {
  const { heads, channels, cells, steps } = GOLDEN;
  const code = channels / heads;
  return Float32Array.from({ length: heads * steps }, (_, i) => {
    const head = Math.floor(i / steps);
    const similarities = Array.from({ length: cells }, (_, cell) => {
      let sum = 0;
      for (let c = head * code; c < (head + 1) * code; c++) {
        sum += sound[c * steps + i % steps] * picture[c * cells + cell];
      }
      return sum;
    });
    return Math.max(...similarities);
  });
}

Deno.test("evidence and fit are those of the training recipe's export, on the same features", async () => {
  const clips = GOLDEN.clips.map(({ picture, audio, targets }): EvidenceClip<number[]> => ({
    picture,
    sound: audio,
    heard: targets.map(({ kind, onset, offset }) => ({
      kind: HEAD_KINDS[kind],
      steps: stepsBetween(onset, offset, GOLDEN, GOLDEN.steps),
    })),
  }));
  const evidence = await gatherEvidence(
    clips,
    HEAD_KINDS,
    (sound, picture) => Promise.resolve(activation(sound, picture)),
  );
  const close = (found: number, golden: number) =>
    assert.ok(Math.abs(found - golden) < 1e-4 * Math.abs(golden), `${found} is not ${golden}`);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  evidence.forEach((part, head) => {
    const golden = GOLDEN.fits[head];
    for (const side of ["matched", "mismatched"] as const) {
      assert.equal(part[side].length, golden[side].count);
      close(sum(part[side]), golden[side].sum);
    }
    const { slope, offset, auc } = fitEvidence(part);
    close(slope, golden.slope);
    close(offset, golden.offset);
    assert.ok(slope > 0 && auc > 0.5);
  });
});

Deno.test("a clip that is heard by no head gives its highest activation as a negative", async () => {
  const steps = Uint8Array.of(0, 1, 1);
  const clips: EvidenceClip<string>[] = [
    { picture: "a", sound: "A", heard: [{ kind: "sound", steps }] },
    { picture: "b", sound: "B", heard: [] },
    { picture: "c", sound: "C", heard: [{ kind: undefined, steps }] },
  ];
  // Head 0 in steps 0 to 2, then head 1.
  const table: Record<string, number[]> = {
    Aa: [9, 1, 2, 3, 4, 8],
    Ac: [9, 0.1, 0.2, 0, 0, 0],
    Bb: [0.3, 0.5, 0.4, 0.6, 0.7, 0.1],
    Ba: [0, 0, 0, 0, 0, 0],
    Cc: [9, 5, 6, 9, 7, 8],
    Cb: [9, 0.6, 0.7, 9, 0.8, 0.9],
  };
  const [sound, speech] = await gatherEvidence(
    clips,
    HEAD_KINDS,
    (heard, seen) => Promise.resolve(Float32Array.from(table[heard + seen])),
  );
  const near = (values: readonly number[]) => values.map((value) => Number(value.toFixed(3)));
  assert.deepEqual(near(sound.matched), [1, 2, 5, 6]);
  assert.deepEqual(near(sound.mismatched), [0.1, 0.2, 0.5, 0.6, 0.7]);
  assert.equal(sound.clips, 2);
  assert.deepEqual(near(speech.matched), [7, 8]);
  assert.deepEqual(near(speech.mismatched), [8, 0.7, 0.8, 0.9]);
  assert.equal(speech.clips, 1);
});

Deno.test("steps that vary within clips give the slope of steps, not the steep one of clip means", async () => {
  // Matched steps N(0.5, 0.5), mismatched N(0, 0.5): the log odds of a step are 2 a - 0.5.
  const random = normal(7);
  const count = 40;
  const heard = [{ kind: undefined, steps: new Uint8Array(100).fill(1) }];
  const clips = Array.from({ length: count }, (_, i) => ({ picture: i, sound: i, heard }));
  const [evidence] = await gatherEvidence(clips, ["sound"], (sound, picture) =>
    Promise.resolve(
      Float32Array.from(
        { length: 100 },
        () => (sound === picture ? 0.5 : 0) + 0.5 * random(),
      ),
    ));
  const fit = fitEvidence(evidence);
  assert.ok(Math.abs(fit.slope - 2) < 0.15, `${fit.slope}`);
  assert.ok(Math.abs(fit.offset + 0.5) < 0.1, `${fit.offset}`);
  const sure = evidence.mismatched.filter((value) => probability(fit, value) >= 0.9);
  assert.ok(sure.length < 0.01 * evidence.mismatched.length, `${sure.length}`);
  // What a fit on the means of the clips gives.
  const means = (values: readonly number[]) =>
    Array.from(
      { length: count },
      (_, i) => values.slice(i * 100, (i + 1) * 100).reduce((a, b) => a + b, 0) / 100,
    );
  const onMeans = fitLogistic(means(evidence.matched), means(evidence.mismatched));
  const wronglySure = evidence.mismatched.filter((value) => probability(onMeans, value) >= 0.9);
  assert.ok(onMeans.slope > 15 && wronglySure.length > 0.2 * evidence.mismatched.length);
});

Deno.test("the area under the curve counts equal values as half", () => {
  const fit = fitEvidence({ matched: [1, 2, 2], mismatched: [0, 2], clips: 1 });
  assert.equal(fit.auc, (2 * 1 + 1 + 2 * 0.5) / 6);
  const alike = fitEvidence({ matched: [3, 3], mismatched: [3, 3], clips: 1 });
  assert.equal(alike.auc, 0.5);
  const normals = Array.from({ length: 2000 }, (_, i) => quantile((i + 0.5) / 2000));
  const overlapping = fitEvidence({
    matched: normals.map((v) => v + 1),
    mismatched: normals.map((v) => v - 1),
    clips: 1,
  });
  // P(N(1,1) > N(-1,1)) = Φ(√2)
  assert.ok(Math.abs(overlapping.auc - 0.9214) < 0.002, `${overlapping.auc}`);
  const { matchedMean, mismatchedMean } = overlapping;
  assert.ok(Math.abs(matchedMean - 1) < 1e-9 && Math.abs(mismatchedMean + 1) < 1e-9);
});
