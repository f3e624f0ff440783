import { runtimeFault } from "./runtime_fault.ts";

/** Runs the command that the program's arguments name, and exits; where Whence cannot run, one line says why. */
export async function start(): Promise<void> {
  const fault = runtimeFault(new URL("../main.ts", import.meta.url).href);
  if (fault !== undefined) {
    console.error(fault);
    Deno.exit(2);
  }
  const { whenceProgram } = await import("./commands.ts");
  const { runAndExit } = await import("./exit.ts");
  await runAndExit(whenceProgram(), Deno.args);
}
