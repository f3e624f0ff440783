import { ModelError } from "../manifest.ts";
import type { Accelerator, FallbackProvider, Provider } from "../provider.ts";
import type { ProviderRegistry } from "../provider_registry.ts";
import type { RuntimeConfig } from "../runtime_schema.ts";
import type { Refusal } from "./refusal.ts";

/** The providers to try, most preferred first. */
export interface WantedProviders {
  readonly providers: readonly Provider[];
  /** Whether a user listed them; else they are the default. */
  readonly requested: boolean;
  /** Takes the place of unavailable providers if it is among `providers`. */
  readonly fallback: FallbackProvider;
}

/** The providers that a `runtime` block lists, or all that there are. */
export function wantedProviders(
  { providers }: Pick<RuntimeConfig, "providers">,
  registry: ProviderRegistry,
): WantedProviders {
  return {
    providers: providers?.map((name) => registry.named(name)) ?? registry.all,
    requested: providers !== undefined,
    fallback: registry.fallback,
  };
}

/** What sessions may run on. */
export interface Offer {
  readonly providers: readonly Provider[];
  /**
   * Unavailable providers to report to users: those that they listed, and those of the default whose device this
   * machine has.
   */
  readonly refused: readonly Refusal[];
}

/** Whether models with an image encoder in bytes run it: if that is wanted, and no accelerator runs the other one. */
export function prefersInt8(isWanted: boolean, { providers }: Pick<Offer, "providers">): boolean {
  return isWanted && providers.every(({ role }) => role === "fallback");
}

/**
 * Tries the providers in order of preference. An unavailable one is an error, unless the fallback is wanted too.
 * Providers after the fallback are not tried.
 *
 * @param reasonAgainst why an accelerator cannot be used; undefined when it can.
 * @throws {ModelError} naming what is missing.
 */
export async function chooseProviders(
  { providers: wanted, requested, fallback }: WantedProviders,
  reasonAgainst: (provider: Accelerator) => Promise<string | undefined>,
): Promise<Offer> {
  const providers: Provider[] = [];
  const refused: Refusal[] = [];
  for (const provider of new Set(wanted)) {
    if (provider.role === "fallback") {
      providers.push(provider);
      break;
    }
    const reason = await reasonAgainst(provider);
    if (reason === undefined) {
      providers.push(provider);
    } else if (!wanted.includes(fallback)) {
      throw new ModelError(
        `Cannot run on ${provider.name}: ${reason} ` +
          `(add ${fallback.name} to runtime.providers to run without it)`,
      );
    } else if (requested || provider.hasDevice()) {
      refused.push({ provider: provider.name, reason });
    }
  }
  return { providers, refused };
}
