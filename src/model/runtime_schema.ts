import { z } from "zod";
import { durationWithin } from "../config/units.ts";
import type { ProviderRegistry } from "./provider_registry.ts";
import { PROVIDERS } from "./providers.ts";

function commonSchema({ all, names, fallback }: ProviderRegistry) {
  const providers = all.map(({ name, help }) => `${name} (${help})`).join(", ");
  return z.strictObject({
    library: z.string().min(1).default("auto").describe(
      "auto: the library shipped with onnxruntime-node; node: its JavaScript API; " +
        "the name of a runtime installed with whence runtime install; a path to libonnxruntime.so; " +
        "or an inference server: oip+http://HOST:PORT, oip+https://…, oip+grpc://HOST:PORT or oip+grpcs://…",
    ),
    providers: z.array(z.enum(names)).min(1).optional().describe(
      `Execution providers in order of preference: ${providers}. If a listed one is unavailable, ` +
        `startup fails, unless ${fallback.name} is listed too. Default: all that are available`,
    ),
    threads: z.int().min(1).max(64).default(2).describe("Threads inside one operator (CPU)"),
    int8: z.boolean().default(false).describe(
      "On the CPU, use the model's image encoder in bytes (image.int8.onnx) if it has one: faster, and close in its results",
    ),
    run_limit: durationWithin("1s", "1h").prefault("60s").describe(
      "Time limit of one inference; beyond it the device or its driver counts as hung, " +
        "and an inference server as unavailable",
    ),
  });
}

type Common = ReturnType<typeof commonSchema>;
/** A checked `runtime` block: the common keys, and those that providers add. */
export type RuntimeConfig = z.output<Common> & Readonly<Record<string, unknown>>;

/** The schema of a `runtime` block: which ONNX Runtime library runs the model, and on what. */
export function runtimeSchemaOf(
  registry: ProviderRegistry,
): z.ZodType<RuntimeConfig, z.input<Common> & Record<string, unknown>> {
  return commonSchema(registry).extend(registry.settings) as never;
}

/** The `runtime` block with the project's own providers. */
export const runtimeSchema = runtimeSchemaOf(PROVIDERS);
