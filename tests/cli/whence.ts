import { fileURLToPath } from "node:url";

/** Where the commands of this test file keep their state. */
const STATE = Deno.makeTempDirSync({ prefix: "whence-state-" });
globalThis.addEventListener("unload", () => Deno.removeSync(STATE, { recursive: true }));

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** What a finished command left. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `whence ARGS` as a user would: in a process of its own, with pipes instead of a terminal. */
export async function whence(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", MAIN, ...args],
    env: { NO_COLOR: "1", XDG_STATE_HOME: STATE, ...options.env },
    cwd: options.cwd,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
