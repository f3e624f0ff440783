import { checkCommand } from "./cli/check.ts";
import { demoCommand } from "./cli/demo.ts";
import { doctorCommand } from "./cli/doctor.ts";
import { evaluateCommand } from "./cli/evaluate.ts";
import { runAndExit } from "./cli/exit.ts";
import { modelCommand } from "./cli/model.ts";
import { whence } from "./cli/program.ts";
import { runCommand } from "./cli/run.ts";
import { schemaCommand } from "./cli/schema.ts";
import { watchCommand } from "./cli/watch.ts";

if (import.meta.main) {
  const program = whence(
    runCommand(),
    checkCommand(),
    watchCommand(),
    doctorCommand(),
    demoCommand(),
    evaluateCommand(),
    modelCommand(),
    schemaCommand(),
  );
  await runAndExit(program, Deno.args);
}
