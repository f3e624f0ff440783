import { checkCommand } from "./cli/check/check.ts";
import { demoCommand } from "./cli/demo/demo.ts";
import { doctorCommand } from "./cli/doctor/doctor.ts";
import { evaluateCommand } from "./cli/evaluate/evaluate.ts";
import { runAndExit } from "./cli/exit.ts";
import { modelCommand } from "./cli/model/model.ts";
import { whence } from "./cli/program.ts";
import { runCommand } from "./cli/run/run.ts";
import { schemaCommand } from "./cli/schema.ts";
import { watchCommand } from "./cli/watch/watch.ts";

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
