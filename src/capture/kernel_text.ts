/** Text of a file under `/sys` or `/proc`, trimmed; empty if it cannot be read. */
export function kernelText(file: string): string {
  try {
    return Deno.readTextFileSync(file).trim();
  } catch {
    return "";
  }
}

/** Names in a folder under `/sys` or `/proc`; none if it cannot be read. */
export function kernelNames(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch {
    return [];
  }
}
