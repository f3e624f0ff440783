import type { Command } from "commander";
import { type HelpPage, helpPages } from "./help_pages.ts";

/**
 * The manual page of a program with commands, in the man(7) language, from its own help.
 *
 * @param date such as `2026-11-25`.
 */
export function manPage(program: Command, date: string): string {
  const [main, ...commands] = helpPages(program);
  const name = program.name();
  return [
    `.TH ${name.toUpperCase()} 1 "${date}" "${name} ${program.version()}" "User Commands"`,
    ".SH NAME",
    `${name} \\- ${plain(lowerFirst(program.description()))}`,
    ".SH SYNOPSIS",
    `.B ${name}`,
    "[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]",
    ".SH OPTIONS",
    "These options are allowed before and after the command.",
    ...optionLines(main),
    ".SH COMMANDS",
    ...commands.filter(({ command }) => command.commands.length === 0).flatMap(commandLines),
    ".SH EXIT STATUS",
    ".TP\n.B 0\nsuccess",
    ".TP\n.B 1\nfailure",
    ".TP\n.B 2\nwrong usage or configuration",
    ".SH FILES",
    ".TP\n.I /etc/whence/NAME.yaml\npipeline of the service whence@NAME",
    ".TP\n.I /etc/whence/NAME.env\nenvironment variables of the service whence@NAME",
    ".TP\n.I /var/lib/whence/models\nmodels",
    ".TP\n.I /usr/share/doc/whence\ndocumentation",
    "",
  ].join("\n");
}

function commandLines(page: HelpPage): string[] {
  return [
    `.SS "${plain(page.path)}"`,
    `.B ${plain(page.usage)}`,
    ".PP",
    plain(sentence(page.command.description())),
    ...page.args.map((argument) =>
      `.TP\n\\fI${plain(argument.name())}\\fR\n${plain(argument.description)}`
    ),
    ...optionLines(page),
    ...(page.after === "" ? [] : [".PP", ...page.after.split("\n").map(plain)]),
  ];
}

function optionLines({ options }: HelpPage): string[] {
  return options.map((option) => {
    const notes = [
      option.argChoices && `one of ${option.argChoices.join(", ")}`,
      typeof option.defaultValue === "string" && `default ${option.defaultValue}`,
    ].filter((note) => typeof note === "string");
    const text = [option.description, ...notes].join("; ");
    return `.TP\n\\fB${plain(option.flags)}\\fR\n${plain(text)}`;
  });
}

/** Text without roff's own characters: backslash, hyphen, and a dot or quote that starts a line. */
function plain(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^(?=[.'])/gm, "\\&");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
