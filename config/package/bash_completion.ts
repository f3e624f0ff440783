import type { Command } from "commander";
import { type HelpPage, helpPages } from "./help_pages.ts";

/** The completion of a program with commands for bash: commands, options, an option's choices, file names. */
export function bashCompletion(program: Command): string {
  const pages = helpPages(program);
  const name = program.name();
  const shared = pages[0].options;
  return `# bash completion for ${name}
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path=${name} word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${commandCases(pages)}
    esac
  done
  case "$path $prev" in
${choiceCases(pages)}
  esac
  case "$path" in
${
    pages.map((page) =>
      `    ${quoted(page.path)}) set -- ${quoted(words(page, shared).join(" "))} ${
        takesFiles(page) ? "files" : "none"
      } ;;`
    ).join("\n")
  }
  esac
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
  if [[ \${#COMPREPLY[@]} -eq 0 && $2 = files && $cur != -* ]]; then
    compopt -o default
  fi
}
complete -F _${name} ${name}
`;
}

function commandCases(pages: readonly HelpPage[]): string {
  return pages.slice(1).map(({ path }) => `      ${quoted(path)}) path=${quoted(path)} ;;`)
    .join("\n");
}

function choiceCases(pages: readonly HelpPage[]): string {
  const shared = pages[0].options;
  return pages.flatMap(({ path, options }) =>
    [...new Set([...options, ...shared])].filter(({ argChoices }) => argChoices !== undefined)
      .map(({ long, argChoices }) =>
        `    ${quoted(`${path} ${long}`)}) mapfile -t COMPREPLY < <(compgen -W ${
          quoted(argChoices!.join(" "))
        } -- "$cur"); return ;;`
      )
  ).join("\n");
}

function words(page: HelpPage, shared: HelpPage["options"]): string[] {
  return [
    ...page.command.commands.map((child) => child.name()),
    ...new Set([...page.options, ...shared].map(({ long }) => long ?? "")),
    "--help",
  ].filter((word) => word !== "");
}

function takesFiles({ args, options }: HelpPage): boolean {
  return args.length > 0 || options.some(({ required }) => required);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
