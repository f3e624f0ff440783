import type { z } from "zod";
import type { Accelerator, FallbackProvider, Provider } from "./provider.ts";

/** All execution providers, in the default order of preference. */
export class ProviderRegistry {
  readonly all: readonly Provider[];
  readonly fallback: FallbackProvider;

  /** @throws {TypeError} unless the last provider, and no other, is a fallback. */
  constructor(...all: readonly Provider[]) {
    const last = all.at(-1);
    if (last?.role !== "fallback" || all.filter(({ role }) => role === "fallback").length !== 1) {
      throw new TypeError("The last execution provider, and no other, must be a fallback");
    }
    this.all = all;
    this.fallback = last;
  }

  get accelerators(): readonly Accelerator[] {
    return this.all.filter((provider) => provider.role === "accelerator");
  }

  get names(): readonly string[] {
    return this.all.map(({ name }) => name);
  }

  /** @throws {TypeError} for a name that the schema does not accept. */
  named(name: string): Provider {
    const found = this.all.find((provider) => provider.name === name);
    if (!found) throw new TypeError(`Unknown execution provider ${name}`);
    return found;
  }

  /** The short name of a provider that ONNX Runtime names; one that is not registered keeps its own. */
  nameOf(ortName: string): string {
    return this.all.find((provider) => provider.ortName === ortName)?.name ?? ortName;
  }

  /** Keys of the `runtime` block that belong to providers. */
  get settings(): z.ZodRawShape {
    return Object.assign({}, ...this.accelerators.map(({ settings }) => settings));
  }
}
