import type { Command, Help, Option } from "commander";
import type { Argument } from "commander";

/** One command with all that its help shows. */
export interface HelpPage {
  /** Such as `whence model import`. */
  readonly path: string;
  readonly command: Command;
  readonly options: readonly Option[];
  readonly args: readonly Argument[];
  readonly usage: string;
  /** Help text before and after the lists, as `--help` prints it. */
  readonly after: string;
}

/** A program's commands, the program itself first. */
export function helpPages(program: Command, parents = ""): HelpPage[] {
  const path = `${parents}${program.name()}`;
  const help = program.createHelp();
  const page = {
    path,
    command: program,
    options: visibleOptions(program, help),
    args: help.visibleArguments(program) as Argument[],
    usage: help.commandUsage(program),
    after: textAfter(program),
  };
  return [page, ...program.commands.flatMap((child) => helpPages(child, `${path} `))];
}

function visibleOptions(command: Command, help: Help): Option[] {
  return help.visibleOptions(command).filter(({ long }) => long !== "--help");
}

/** What `addHelpText("after")` adds: the part of the whole help that the plain help lacks. */
function textAfter(command: Command): string {
  let whole = "";
  const { writeOut } = command.configureOutput() as { writeOut?: (text: string) => void };
  command.configureOutput({ writeOut: (text) => void (whole += text) });
  command.outputHelp();
  if (writeOut) command.configureOutput({ writeOut });
  return whole.slice(command.helpInformation().length).trim();
}
