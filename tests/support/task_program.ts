import { Command } from "commander";

/** A command line for `deno task NAME`: `--help` exits with 0, wrong options with 2, each in plain lines. */
export function taskProgram(name: string, description: string): Command {
  return new Command(`deno task ${name}`)
    .description(description)
    .allowExcessArguments(false)
    .exitOverride(({ exitCode }) => Deno.exit(exitCode === 0 ? 0 : 2));
}
