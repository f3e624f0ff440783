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
