import assert from "node:assert/strict";
import { sceneReport } from "../../../src/evaluation/runs/scene_report.ts";
import {
  COMMON_THRESHOLDS,
  type SceneResult,
  type TargetResult,
} from "../../../src/evaluation/runs/scene_result.ts";

const curve = (peakAt: number, value: number) =>
  [...COMMON_THRESHOLDS.keys()].map((i) => i === peakAt ? value : 0.1);

const target = (more: Partial<TargetResult> = {}): TargetResult => ({
  kind: "sound",
  name: "dog",
  hit: true,
  hitAnyHead: true,
  chosen: null,
  ap: 0.5,
  ious: curve(3, 0.4),
  chance: { area: 0.1, choice: null },
  ...more,
});

const scene = (id: string, more: Partial<SceneResult> = {}): SceneResult => ({
  id,
  pool: "p",
  mixture: false,
  targets: [target()],
  headScores: null,
  topScore: null,
  heardAlone: null,
  ...more,
});

Deno.test("a pool's figures are means over its targets", () => {
  const { pools, choice, baseline } = sceneReport("m@1", [
    scene("1", { targets: [target({ chosen: true, chance: { area: 0.1, choice: 0.5 } })] }),
    scene("2", {
      targets: [
        target({ hit: false, ap: 0.1, chosen: false, chance: { area: 0.3, choice: 0.25 } }),
        target({ hitAnyHead: false, ap: 0.3 }),
      ],
    }),
  ], undefined);
  assert.equal(pools.p.n, 2);
  assert.equal(pools.p.pointing, 2 / 3);
  assert.equal(pools.p.pointing_any_head, 2 / 3);
  assert.ok(Math.abs((pools.p.ap ?? 0) - 0.3) < 1e-12);
  assert.equal(pools.p.false_alarm, null);
  assert.equal(choice.p, 1 / 2);
  assert.equal(baseline.pools.p.choice, 0.375);
  assert.ok(Math.abs((baseline.pools.p.pointing ?? 0) - 0.5 / 3) < 1e-12);
});

Deno.test("IoU is at one threshold for the pool, not the best of each target", () => {
  const targets = [target({ ious: curve(3, 0.9) }), target({ ious: curve(7, 0.5) })];
  const { pools } = sceneReport("m@1", [scene("1", { targets })], undefined);
  assert.equal(pools.p.iou, (0.9 + 0.1) / 2);
});

Deno.test("a model without a head of the kind has no pointing, but any head has", () => {
  const none = target({ hit: null, ap: null, ious: null });
  const { pools } = sceneReport("m@1", [scene("1", { targets: [none] })], undefined);
  assert.deepEqual(
    [pools.p.pointing, pools.p.ap, pools.p.iou, pools.p.pointing_any_head],
    [null, null, null, 1],
  );
});

Deno.test("a negative is a false alarm from .6", () => {
  const negatives = [0.59, 0.6, 0.9, 0.1].map((topScore, i) =>
    scene(String(i), { targets: [], topScore })
  );
  const { pools } = sceneReport("m@1", negatives, undefined);
  assert.equal(pools.p.false_alarm, 0.5);
  assert.equal(pools.p.unlocated, null);
  const heard = [0.69, 0.7, 1, 0].map((heardAlone, i) => scene(String(i), { heardAlone }));
  assert.equal(sceneReport("m@1", heard, undefined).pools.p.unlocated, 0.5);
  assert.equal(pools.p.pointing, null);
});

Deno.test("mixtures are reported by kind", () => {
  const mixed = (id: string, sound: boolean, speech: boolean) =>
    scene(id, {
      mixture: true,
      targets: [target({ hit: sound }), target({ kind: "speech", hit: speech })],
    });
  const { mixture } = sceneReport(
    "m@1",
    [
      mixed("1", true, false),
      mixed("2", true, true),
      scene("3", { targets: [target({ hit: false })] }),
    ],
    undefined,
  );
  assert.deepEqual(mixture, { sound: 1, speech: 0.5 });
});

Deno.test("heads are compared over words and sounds, dense and global separately", () => {
  const scores = (kind: "sound" | "speech", dense: number[], global: number[]) => ({
    headScores: { kind, dense, global },
  });
  const { ap_dis, baseline } = sceneReport("m@1", [
    scene("1", scores("sound", [5, 1], [1, 1])),
    scene("2", scores("sound", [6, 2], [2, 2])),
    scene("3", scores("speech", [1, 5], [1, 1])),
    scene("4", scores("speech", [2, 6], [2, 2])),
  ], undefined);
  assert.equal(ap_dis, 1);
  assert.ok((baseline.ap_dis ?? 1) < 0.6);
});
