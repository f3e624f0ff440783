/** Text of a file under `/sys` or `/proc`, trimmed; empty if it cannot be read. */
export function kernelText(file: string): string {
  try {
    return Deno.readTextFileSync(file).trim();
  } catch {
    return "";
  }
}
