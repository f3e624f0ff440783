import { stripVTControlCharacters } from "node:util";

/** What a runner left behind. */
export interface Streamed {
  readonly code: number;
  /** Its stdout without colors. */
  readonly output: string;
}

/** Runs a command, shows its output as it comes, and keeps it. */
export async function runStreamed(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Streamed> {
  const colors = Deno.stdout.isTerminal() && !Deno.noColor;
  const child = new Deno.Command(command, {
    args: [...args],
    env: { ...env, ...(colors && { FORCE_COLOR: "1", PY_COLORS: "1" }) },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const decoder = new TextDecoder();
  let output = "";
  for await (const bytes of child.stdout) {
    output += decoder.decode(bytes, { stream: true });
    await writeAll(bytes);
  }
  const { code } = await child.status;
  return { code, output: stripVTControlCharacters(output) };
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}
