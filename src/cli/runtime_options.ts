import type { Option } from "commander";
import { type RuntimeConfig, runtimeSchema } from "../model/runtime_schema.ts";
import { PROVIDERS } from "../model/providers.ts";
import { UsageError } from "./exit.ts";
import { countOption } from "./options.ts";

/** Options of a command that runs a model without a pipeline file. */
export interface RuntimeOptions {
  /** Execution providers, comma-separated, most preferred first. */
  readonly providers: string;
  readonly threads: number;
}

/** The most threads that a `runtime` block accepts. */
const MOST_THREADS = 64;

/** `--threads N`; without a default, all cores. */
export function threadsOption(threads = navigator.hardwareConcurrency): Option {
  return countOption("--threads <n>", "threads inside one operator (CPU)")
    .default(Math.min(threads, MOST_THREADS));
}

/**
 * The `runtime` block that the options describe.
 *
 * @param task what the error says cannot be done.
 * @throws {UsageError} naming the option that is wrong.
 */
export function runtimeConfig({ providers, threads }: RuntimeOptions, task: string): RuntimeConfig {
  const result = runtimeSchema.safeParse({ providers: providers.split(","), threads });
  if (result.success) return result.data;
  const fault = result.error.issues[0].path[0] === "threads"
    ? `--threads must be at most ${MOST_THREADS}, got ${threads}`
    : `--providers must be a list of ${
      PROVIDERS.names.join(", ")
    }, separated by commas, got "${providers}"`;
  throw new UsageError(`Cannot ${task}: ${fault}`);
}
