import { checkCommand } from "./cli/check.ts";
import { runAndExit } from "./cli/exit.ts";
import { whence } from "./cli/program.ts";
import { schemaCommand } from "./cli/schema.ts";
import { watchCommand } from "./cli/watch.ts";

if (import.meta.main) {
  await runAndExit(whence(checkCommand(), schemaCommand(), watchCommand()), Deno.args);
}
