import { type Command, CommanderError } from "commander";
import { exitProcess } from "../core/exit_process.ts";
import { flushLog } from "../core/logger.ts";
import { maskSecrets } from "../core/secrets.ts";
import { systemFault } from "../core/write_fault.ts";
import { ignoreSigusr1 } from "./ignore_sigusr1.ts";
import { printFault } from "./stderr.ts";

/** Exit codes: success, failure, wrong usage or configuration. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Wrong usage of a command; one line, exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * Runs a program of commands and ends the process: 0 done, 1 failed, 2 wrong usage or configuration. Faults that
 * a user can cause are one line each on stderr; stack traces need `WHENCE_DEBUG=1`.
 */
export async function runAndExit(program: Command, args: readonly string[]): Promise<never> {
  const exit = (code?: number): never => {
    flushLog();
    exitProcess(code);
  };
  const fail = (cause: unknown) => exit(report(cause));
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error);
  });
  ignoreSigusr1();
  settle(program);
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (cause) {
    fail(cause);
  }
  return exit();
}

/** Prints what went wrong and returns the exit code. */
export function report(cause: unknown, print: (line: string) => void = printFault): number {
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT.done : EXIT.usage;
  const error = cause instanceof Error ? cause : new Error(String(cause));
  if (Deno.env.get("WHENCE_DEBUG") === "1") {
    const lines = (error: Error) => (error.stack ?? error.message).split("\n");
    for (const line of lines(error)) print(maskSecrets(line));
    for (let at = error.cause; at instanceof Error; at = at.cause) {
      for (const line of lines(at)) print(maskSecrets(`Caused by: ${line}`));
    }
  } else if (USAGE.has(error.name) || LISTS.has(error.name)) {
    for (const line of error.message.split("\n")) print(maskSecrets(line));
  } else {
    const system = systemFault(error);
    const line = maskSecrets(system ?? (error.message.split("\n")[0] || error.name));
    print(
      system === undefined && isBug(error)
        ? `Internal error: ${line} (set WHENCE_DEBUG=1 for the stack trace)`
        : line,
    );
  }
  return USAGE.has(error.name) ? EXIT.usage : EXIT.failed;
}

const USAGE = new Set(["ConfigError", "OverrideError", "UsageError"]);
/** Errors whose further lines list what is wrong. */
const LISTS = new Set(["ImportError"]);
const BUGS = new Set(["Error", "TypeError", "RangeError", "ReferenceError", "SyntaxError"]);

// Errors with a name of their own (or the system's) are written for users; the language's own are not.
function isBug(error: Error): boolean {
  return BUGS.has(error.name) || error.name === "AssertionError";
}

function settle(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => write(`${text.trim().replace(/\s*\n\s*/g, " ")}\n`),
  });
  command.configureHelp({ showGlobalOptions: true });
  for (const child of command.commands) settle(child);
}
