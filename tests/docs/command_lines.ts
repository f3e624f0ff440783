import type { Command, Option } from "commander";
// @ts-types="npm:@types/shell-quote@1.7.5"
import { parse } from "shell-quote";
import { whenceProgram } from "../../src/cli/commands.ts";

/** The arguments of each call of `whence` in a shell script, however it is started. */
export function whenceCalls(script: string): string[][] {
  const calls: string[][] = [];
  for (const line of script.replaceAll(/\\\n/g, " ").split("\n")) {
    let words: string[] = [];
    // The file behind > or < is a word of the call as well; it does no harm.
    for (const part of [...parse(line, (name) => `$${name}`), { op: ";" as const }]) {
      if (typeof part === "string") {
        words.push(part);
      } else if ("op" in part && part.op === "glob") {
        words.push(part.pattern);
      } else if ("op" in part && !/[<>]/.test(part.op)) {
        const call = whenceCall(words);
        if (call !== undefined) calls.push(call);
        words = [];
      }
    }
  }
  return calls;
}

function whenceCall(words: readonly string[]): string[] | undefined {
  const start = words.findIndex((word) => !/^\w+=/.test(word));
  const call = words.slice(Math.max(0, start));
  if (call[0] === "npx") call.splice(0, call[1] === "-y" ? 3 : 2, "deno");
  if (call[0] === "whence") return call.slice(1);
  if (call[0] !== "deno" || call[1] !== "task") return undefined;
  if (call[2] === "whence") return call.slice(3);
  return call[2] === "demo" ? call.slice(2) : undefined;
}

/** What is wrong with the arguments: a command or an option that does not exist. */
export function callFault(args: readonly string[]): string | undefined {
  let command = whenceProgram();
  const known = new Map<string, Option | undefined>([["--help", undefined], ["-h", undefined]]);
  const learn = ({ options }: Command) => {
    for (const option of options) {
      for (const flag of [option.long, option.short]) if (flag) known.set(flag, option);
    }
  };
  learn(command);
  for (let i = 0; i < args.length; i++) {
    const [flag, value] = args[i].split("=", 2);
    if (flag.startsWith("-")) {
      if (!known.has(flag)) return `${command.name()} has no option ${flag}`;
      if (known.get(flag)?.required && value === undefined) i++;
      continue;
    }
    const inner = command.commands.find((child) => child.name() === args[i]);
    if (inner !== undefined) learn(command = inner);
    else if (command.commands.length > 0) return `${command.name()} has no command ${args[i]}`;
  }
  return undefined;
}
