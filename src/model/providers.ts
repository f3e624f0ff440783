import { ProviderRegistry } from "./provider_registry.ts";
import { cpu } from "./providers/cpu.ts";
import { cuda } from "./providers/cuda.ts";
import { tensorrt } from "./providers/tensorrt.ts";

/** All execution providers, most preferred first. A new one is a file under `providers/` and a line here. */
export const PROVIDERS = new ProviderRegistry(
  tensorrt,
  cuda,
  cpu,
);
