import assert from "node:assert/strict";
import sharp from "sharp";
import { scoreChart } from "../../src/record/score_chart.ts";

Deno.test("the labels of the time axis are inside the chart", async () => {
  const heads = [{ kind: "sound" as const, on: 0.6, off: 0.4, scores: [0, 1] }];
  const curves = { heads, times: [0, 20], levels: [-60, -20], gate: -55, events: [] };
  const svg = scoreChart(curves, { from: 0, to: 20, width: 640, height: 92 });
  const labels = [...svg.matchAll(/ x="([\d.]+)" text-anchor="(\w+)" y="\d+">(\d+ s)</g)]
    .map(([, x, anchor, text]) => [text, Number(x), anchor]);
  const { width, height } = await sharp(new TextEncoder().encode(svg)).metadata();
  assert.deepEqual([width, height], [640, 92]);
  assert.deepEqual(labels[0], ["0 s", 2, "start"]);
  assert.deepEqual(labels[1], ["2 s", 64, "middle"]);
  assert.deepEqual(labels.at(-1), ["20 s", 638, "end"]);
});
