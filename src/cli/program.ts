import { Command, Option } from "commander";
import project from "../../deno.json" with { type: "json" };
import { LOG_LEVELS } from "../core/log.ts";
import { LOG_FORMATS } from "../core/log_line.ts";
import { openLog } from "./stderr.ts";

/** The `whence` program around its commands. */
export function whence(...commands: readonly Command[]): Command {
  const program = new Command("whence")
    .description("Tells a robot where in the camera's image a sound or a spoken word comes from")
    .version(project.version)
    .addOption(
      new Option("--log-format <format>", "log lines on stderr as text or JSON objects")
        .choices(LOG_FORMATS).default("text"),
    )
    .addOption(
      new Option("--log-level <level>", "least important log lines to show")
        .choices(LOG_LEVELS).default("info"),
    )
    .hook("preAction", (program) => openLog(program.opts()))
    .showSuggestionAfterError();
  for (const command of commands) program.addCommand(command);
  return program;
}
