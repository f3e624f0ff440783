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

/** The parts of a `runtime` block that the command line can set. */
export type RuntimeParts = Partial<RuntimeOptions> & { readonly library?: string };

/**
 * The `runtime` block that the options describe.
 *
 * @param task what the error says cannot be done.
 * @throws {UsageError} naming the option that is wrong.
 */
export function runtimeConfig(parts: RuntimeParts, task: string): RuntimeConfig {
  const { library, providers, threads } = parts;
  const result = runtimeSchema.safeParse({ library, providers: providers?.split(","), threads });
  if (result.success) return result.data;
  const key = result.error.issues[0].path[0] as keyof RuntimeParts;
  const wanted = {
    library: "the name of a runtime, a path or an address",
    providers: `a list of ${PROVIDERS.names.join(", ")}, separated by commas`,
    threads: `at most ${MOST_THREADS}`,
  }[key];
  throw new UsageError(
    `Cannot ${task}: --${key} must be ${wanted}, got ${JSON.stringify(parts[key])}`,
  );
}
