import { Command } from "commander";
import project from "../../deno.json" with { type: "json" };

/** The `whence` program around its commands. */
export function whence(...commands: readonly Command[]): Command {
  const program = new Command("whence")
    .description("Tells a robot where in the picture a sound or a spoken word belongs")
    .version(project.version)
    .showSuggestionAfterError();
  for (const command of commands) program.addCommand(command);
  return program;
}
