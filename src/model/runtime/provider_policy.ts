import type { Provider } from "../runtime_schema.ts";
import { ModelError } from "../manifest.ts";
import type { Accelerator } from "./ort_options.ts";
import type { Refusal } from "./session.ts";

/** What sessions may run on, and what was asked for in vain. */
export interface Offer {
  readonly providers: readonly Provider[];
  readonly refused: readonly Refusal[];
}

/**
 * Goes through the providers in order of preference. One that cannot be had is an error, unless `cpu` was asked for
 * too; then it is refused with its reason. What stands behind `cpu` is never reached.
 *
 * @param reasonAgainst why an accelerator cannot be used; undefined when it can.
 * @throws {ModelError} naming what is missing.
 */
export async function chooseProviders(
  wanted: readonly Provider[],
  reasonAgainst: (provider: Accelerator) => Promise<string | undefined>,
): Promise<Offer> {
  const providers: Provider[] = [];
  const refused: Refusal[] = [];
  for (const provider of new Set(wanted)) {
    if (provider === "cpu") {
      providers.push("cpu");
      break;
    }
    const reason = await reasonAgainst(provider);
    if (reason === undefined) providers.push(provider);
    else if (wanted.includes("cpu")) refused.push({ provider, reason });
    else {
      throw new ModelError(
        `Cannot run on ${provider}: ${reason} (add cpu to runtime.providers to run without it)`,
      );
    }
  }
  return { providers, refused };
}
