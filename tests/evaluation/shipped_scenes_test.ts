import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { evaluateScenes } from "../../src/evaluation/runs/evaluate_scenes.ts";
import { readSceneSet } from "../../src/evaluation/datasets/scene_set.ts";
import { scratch } from "./made_scenes.ts";
import { openMini } from "./mini_grounder.ts";

Deno.test("the shipped model localizes the sounds and words of the shipped scenes", async () => {
  await using mini = await openMini();
  await using resume = await scratch();
  const set = await readSceneSet(fileURLToPath(new URL("./scenes", import.meta.url)));
  const { pools, baseline, ap_dis } = await evaluateScenes(mini.grounder, set, {
    retrievalPairs: 50,
    resumeFolder: resume.path,
  });
  for (const pool of ["photo_mosaic", "photo_single"]) assert.equal(pools[pool].n, 2, pool);
  const shown = Object.keys(pools).filter((pool) => pools[pool].pointing !== null);
  const sum = (values: (number | null)[]) =>
    values.reduce((total: number, v) => total + (v ?? 0), 0);
  const pointing = sum(shown.map((pool) => pools[pool].pointing));
  const chance = sum(shown.map((pool) => baseline.pools[pool].pointing));
  assert.ok(
    pointing > 3 * chance,
    `pointing ${pointing / shown.length}, chance ${chance / shown.length}`,
  );
  const precision = sum(shown.map((pool) => pools[pool].ap));
  assert.ok(precision > 2 * chance, `AP ${precision / shown.length}`);
  assert.ok((ap_dis ?? 0) > 0.6, `AP-dis ${ap_dis}`);
  assert.ok((pools.silence?.false_alarm ?? 1) < 0.5, `silence ${pools.silence?.false_alarm}`);
});
