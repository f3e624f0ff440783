import type { Command } from "commander";
import { checkCommand } from "./check/check.ts";
import { demoCommand } from "./demo/demo.ts";
import { doctorCommand } from "./doctor/doctor.ts";
import { evaluateCommand } from "./evaluate/evaluate.ts";
import { forgetCommand } from "./forget/forget.ts";
import { labelCommand } from "./label/label.ts";
import { learnCommand } from "./learn/learn.ts";
import { localizeCommand } from "./localize/localize.ts";
import { modelCommand } from "./model/model.ts";
import { whence } from "./program.ts";
import { pruneCommand } from "./prune/prune.ts";
import { runCommand } from "./run/run.ts";
import { runtimeCommand } from "./runtime/runtime.ts";
import { schemaCommand } from "./schema.ts";
import { setupCommand } from "./setup/setup.ts";
import { showCommand } from "./show/show.ts";
import { viewCommand } from "./view/view.ts";
import { watchCommand } from "./watch/watch.ts";

/** The `whence` program with all its commands. */
export function whenceProgram(): Command {
  return whence(
    runCommand(),
    viewCommand(),
    localizeCommand(),
    checkCommand(),
    watchCommand(),
    doctorCommand(),
    demoCommand(),
    evaluateCommand(),
    modelCommand(),
    runtimeCommand(),
    showCommand(),
    labelCommand(),
    setupCommand(),
    learnCommand(),
    schemaCommand(),
    forgetCommand(),
    pruneCommand(),
  );
}
