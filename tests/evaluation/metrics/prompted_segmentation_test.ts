import assert from "node:assert/strict";
import { meanOverTime } from "../../../src/evaluation/metrics/heat_map.ts";
import {
  type PromptedItem,
  promptedSegmentation,
} from "../../../src/evaluation/metrics/prompted_segmentation.ts";
import { publishedWordSteps, rangeMask } from "../../../src/evaluation/metrics/time_mask.ts";
import { assertClose, features, golden, row, rows } from "../golden.ts";

const grid = { width: 7, height: 7 };
const size = { width: 56, height: 56 };

/** Σ over a head's channels, the larger head at each place; masked steps 0, as the original's pairwise path has it. */
function volume(name: string, item: number, heads: number, mask: Float32Array): Float32Array {
  const audio = features(`${name}_audio_feats`);
  const image = features(`${name}_image_feats`);
  const code = audio.channels / heads;
  const out = new Float32Array(audio.cells * image.cells).fill(-Infinity);
  for (let head = 0; head < heads; head++) {
    for (let step = 0; step < audio.cells; step++) {
      for (let cell = 0; cell < image.cells; cell++) {
        let sum = 0;
        for (let c = head * code; c < (head + 1) * code; c++) {
          sum += audio.data[(item * audio.channels + c) * audio.cells + step] * mask[step] *
            image.data[(item * image.channels + c) * image.cells + cell];
        }
        const at = step * image.cells + cell;
        out[at] = Math.max(out[at], sum);
      }
    }
  }
  return out;
}

function items(name: string, heads: number, timed: boolean): PromptedItem[] {
  const masks = rows(golden(`${name}_audio_mask`));
  return [...golden(`${name}_class_ids`).data].map((classId, i) => {
    const [onset, offset] = row(golden(`${name}_timing`), i);
    const word = rangeMask(publishedWordSteps(onset, offset, 164200 / 16000, 20), 20);
    return {
      classId,
      map: meanOverTime(volume(name, i, heads, masks[i]), timed ? word : masks[i]),
      truth: () =>
        Uint8Array.from(row(golden(`${name}_semseg`), i), (label) => label === classId ? 1 : 0),
    };
  });
}

for (const heads of [1, 2]) {
  Deno.test(`prompted segmentation equals the original's (${heads} head)`, async () => {
    const name = `gph_h${heads}`;
    for (const [kind, timed] of [["sound_basic", false], ["speech_advanced", true]] as const) {
      const list = items(name, heads, timed);
      for (const variant of ["published", "corrected"] as const) {
        const { classes, map, miou } = await promptedSegmentation(list, grid, size, variant);
        const ap = golden(`${name}_${kind}_ap`).data;
        const iou = golden(`${name}_${kind}_iou`).data;
        assertClose(classes.map((c) => c.ap), ap, `${variant} ${kind} AP`);
        assertClose(classes.map((c) => c.iou), iou, `${variant} ${kind} IoU`);
        assertClose([map, miou], [(ap[0] + ap[1]) / 2, (iou[0] + iou[1]) / 2]);
      }
    }
  });
}

const half = (side: "left" | "right") => () =>
  Uint8Array.from({ length: 16 }, (_, i) => (i % 4 < 2) === (side === "left") ? 1 : 0);
const small = { width: 2, height: 1 };
const picture = { width: 4, height: 4 };

Deno.test("a prompt without time steps makes the published figure NaN and is skipped in the corrected one", async () => {
  const list: PromptedItem[] = [
    { classId: 1, map: Float32Array.of(5, 1), truth: half("left") },
    { classId: 1, map: Float32Array.of(NaN, NaN), truth: half("left") },
  ];
  const published = await promptedSegmentation(list, small, picture, "published");
  assert.ok(Number.isNaN(published.map) && Number.isNaN(published.miou));
  const corrected = await promptedSegmentation(list, small, picture, "corrected");
  assert.deepEqual([corrected.map, corrected.miou, corrected.skippedItems], [1, 1, 1]);
});

Deno.test("a class that no picture shows makes the published mean AP NaN and is skipped in the corrected one", async () => {
  const list: PromptedItem[] = [
    { classId: 1, map: Float32Array.of(1, 5), truth: half("left") },
    { classId: 2, map: Float32Array.of(1, 5), truth: () => new Uint8Array(16) },
  ];
  assert.ok(Number.isNaN((await promptedSegmentation(list, small, picture, "published")).map));
  const corrected = await promptedSegmentation(list, small, picture, "corrected");
  assert.equal(corrected.skippedClasses, 1);
  assert.ok(corrected.map > 0.3 && corrected.map < 0.5);
  assert.equal(corrected.miou, 4 / 16);
});
