import type { ProviderRegistry } from "../provider_registry.ts";
import { PROVIDERS } from "../providers.ts";
import type { RuntimeConfig } from "../runtime_schema.ts";
import { FfiRuntime } from "./ffi_runtime.ts";
import { libraryPath } from "./library_path.ts";
import { isRemote } from "./remote/oip_address.ts";
import { wantedProviders } from "./provider_policy.ts";
import type { Runtime } from "./session.ts";

/** Which runs of a session are traced. */
export interface Tracing {
  /** Traces so many runs of each session; `Session.traced` then shows where they spent their time. */
  readonly tracedRuns?: number;
}

/**
 * Opens the ONNX Runtime, or the inference server, that a pipeline file describes.
 *
 * @param folder the pipeline file's; relative paths in `config` start there.
 * @throws {ModelError} one line: the library cannot be used, or a provider is unavailable and the fallback not listed.
 */
export function openRuntime(
  config: RuntimeConfig,
  folder: string,
  registry: ProviderRegistry = PROVIDERS,
  tracing: Tracing = {},
): Promise<Runtime> {
  return isRemote(config.library)
    ? openRemote(config, folder, registry)
    : open(config, folder, registry, tracing);
}

async function openRemote(config: RuntimeConfig, folder: string, registry: ProviderRegistry) {
  const { localConfig, RemoteRuntime } = await import("./remote/remote_runtime.ts");
  const local = localConfig(config);
  return await RemoteRuntime.open(config.library, () => open(local, folder, registry));
}

async function open(
  config: RuntimeConfig,
  folder: string,
  registry: ProviderRegistry,
  tracing: Tracing = {},
) {
  const wanted = wantedProviders(config, registry);
  const { library, threads, int8 } = config;
  if (library === "node") {
    const { NodeRuntime } = await import("./node_runtime.ts");
    return await NodeRuntime.open(wanted, threads, int8);
  }
  return await FfiRuntime.open({
    library: libraryPath(library, folder),
    wanted,
    registry,
    threads,
    int8,
    optionsOf: (provider) => provider.options(config, folder),
    ...tracing,
  });
}

/** Whether one provider can be used on this machine, and if not, why. */
export interface ProviderProbe {
  readonly provider: string;
  /** Undefined when it can be used. */
  readonly reason: string | undefined;
}

/** One ONNX Runtime library and the providers it can run on. */
export interface LibraryProbe {
  readonly library: string;
  readonly version: string;
  readonly providers: readonly ProviderProbe[];
}

/**
 * Tries every registered provider, whether `config` lists it or not.
 *
 * @throws {ModelError} when the library itself cannot be used.
 */
export async function probeProviders(
  config: RuntimeConfig,
  folder: string,
  registry: ProviderRegistry = PROVIDERS,
): Promise<LibraryProbe> {
  const runtime = await open({ ...config, providers: [registry.fallback.name] }, folder, registry);
  const providers: ProviderProbe[] = [];
  for (const provider of registry.all) {
    const reason = provider.role === "fallback" ? undefined : await runtime.reasonAgainst(provider);
    providers.push({ provider: provider.name, reason });
  }
  await runtime.close();
  return { library: runtime.library, version: runtime.version, providers };
}
