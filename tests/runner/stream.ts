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
  const child = start(command, args, env, "inherit");
  const decoder = new TextDecoder();
  let output = "";
  for await (const bytes of child.stdout) {
    output += decoder.decode(bytes, { stream: true });
    await writeAll(bytes);
  }
  const { code } = await child.status;
  return { code, output: stripVTControlCharacters(output) };
}

/**
 * Starts a command at once, and shows what it has printed when `whenShown` settles and it has ended: so that the output
 * of two commands does not mix.
 */
export async function runBuffered(
  command: string,
  args: readonly string[],
  whenShown: Promise<unknown>,
): Promise<Streamed> {
  const child = start(command, args, {}, "piped");
  const [{ code, stdout, stderr }] = await Promise.all([child.output(), whenShown]);
  await writeAll(stdout);
  await writeAll(stderr);
  return { code, output: stripVTControlCharacters(new TextDecoder().decode(stdout)) };
}

function start(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stderr: "inherit" | "piped",
): Deno.ChildProcess {
  const colors = Deno.stdout.isTerminal() && !Deno.noColor;
  return new Deno.Command(command, {
    args: [...args],
    env: { ...env, ...(colors && { FORCE_COLOR: "1", PY_COLORS: "1" }) },
    stdin: "null",
    stdout: "piped",
    stderr,
  }).spawn();
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}
