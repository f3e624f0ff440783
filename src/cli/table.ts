import Table from "cli-table3";

/** How a column is aligned. */
export type Alignment = "left" | "right";

const BORDERS = [
  ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left"],
  ...["bottom-right", "left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
] as const;
const NO_BORDERS = Object.fromEntries(BORDERS.map((name) => [name, ""]));

/**
 * Rows below one another, each column as wide as its widest cell, without borders.
 *
 * @param alignments of the columns, the last one repeating; default: all left.
 */
export function tableText(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[] = ["left"],
): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const table = new Table({
    chars: NO_BORDERS,
    style: { "padding-left": 0, "padding-right": 2, head: [], border: [] },
    colAligns: Array.from(
      { length: count },
      (_, i) => alignments[Math.min(i, alignments.length - 1)],
    ),
  });
  // It changes the rows that it is given.
  table.push(...rows.map((row) => [...row]));
  return table.toString().split("\n").map((line) => line.trimEnd()).join("\n");
}
