import type { Figures, HeadResult } from "../../learning/adapter.ts";
import type { Manifest } from "../../model/manifest.ts";
import { tableText } from "../table.ts";

/** The figures of held-out recordings, a row a head. */
export function figuresText({ heads }: Manifest, results: readonly HeadResult[]): string {
  const rows = [["HEAD", "MOMENTS", "AUC BEFORE", "AFTER", "FIRST BEFORE", "AFTER", "CHANCE"]];
  for (const { head, before, after } of results) {
    rows.push([
      `${head} ${heads[head].kind}`,
      String(after.n),
      number(before.auc),
      number(after.auc),
      number(before.first),
      number(after.first),
      number(after.chance),
    ]);
  }
  return tableText(rows);
}

/** The mean AUC over all moments, of each head by its share; undefined without any. */
export function meanAuc(figures: readonly (Figures | undefined)[]): number | undefined {
  let [sum, count] = [0, 0];
  for (const one of figures) {
    if (one?.auc === undefined) continue;
    sum += one.n * one.auc;
    count += one.n;
  }
  return count > 0 ? sum / count : undefined;
}

function number(value: number | undefined): string {
  return value === undefined ? "-" : value.toFixed(2);
}
