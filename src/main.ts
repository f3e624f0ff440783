import { runtimeFault } from "./cli/runtime_fault.ts";

if (import.meta.main) {
  const fault = runtimeFault(import.meta.url);
  if (fault !== undefined) {
    console.error(fault);
    // Works in Node.js, too, where there is no Deno.
    (await import("node:process")).exit(2);
  }
  const { whenceProgram } = await import("./cli/commands.ts");
  const { runAndExit } = await import("./cli/exit.ts");
  await runAndExit(whenceProgram(), Deno.args);
}
