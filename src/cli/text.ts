/** `a, b and c`. */
export function listed(words: readonly string[], last = "and"): string {
  return words.length < 2
    ? words.join()
    : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** A titled block, its text indented. */
export function section(title: string, text: string): string {
  const lines = text.trimEnd().split("\n").map((line) => `    ${line}`.trimEnd());
  return `  ${title}\n${lines.join("\n")}\n`;
}

/** Rows under one another, each column as wide as its longest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  }
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd())
    .join("\n");
}
