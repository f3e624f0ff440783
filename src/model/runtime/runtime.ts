import { join, resolve } from "node:path";
import type { RuntimeConfig } from "../runtime_schema.ts";
import { type FfiOptions, FfiRuntime } from "./ffi_runtime.ts";
import { findNodeLibrary } from "./node_library.ts";
import type { Runtime } from "./session.ts";

/**
 * Opens the ONNX Runtime that a pipeline asks for.
 *
 * @param folder what relative paths in `config` start from: the pipeline file's folder.
 * @throws {ModelError} one line: the library cannot be used, or a provider is missing and `cpu` was not asked for.
 */
export function openRuntime(config: RuntimeConfig, folder: string): Promise<Runtime> {
  return open(config, folder);
}

async function open(config: RuntimeConfig, folder: string) {
  if (config.library !== "node") return await FfiRuntime.open(ffiOptions(config, folder));
  const { NodeRuntime } = await import("./node_runtime.ts");
  return await NodeRuntime.open(config);
}

/** Whether one provider can be used here, and if not, why. */
export interface ProviderProbe {
  readonly provider: "tensorrt" | "cuda" | "cpu";
  /** Undefined when it can be used. */
  readonly reason: string | undefined;
}

/** One ONNX Runtime library and what it can run on. */
export interface LibraryProbe {
  readonly library: string;
  readonly version: string;
  readonly providers: readonly ProviderProbe[];
}

/**
 * Tries every provider, whether `config` asks for it or not.
 *
 * @throws {ModelError} when the library itself cannot be used.
 */
export async function probeProviders(config: RuntimeConfig, folder: string): Promise<LibraryProbe> {
  const runtime = await open({ ...config, providers: ["cpu"] }, folder);
  const providers: ProviderProbe[] = [];
  for (const provider of ["tensorrt", "cuda"] as const) {
    providers.push({ provider, reason: await runtime.reasonAgainst(provider) });
  }
  providers.push({ provider: "cpu", reason: undefined });
  await runtime.close();
  return { library: runtime.library, version: runtime.version, providers };
}

function ffiOptions(config: RuntimeConfig, folder: string): FfiOptions {
  const device_id = String(config.device);
  const cache = config.cache === undefined ? defaultCache() : resolve(folder, config.cache);
  return {
    library: config.library === "auto" ? findNodeLibrary() : resolve(folder, config.library),
    providers: config.providers,
    threads: config.threads,
    options: {
      // The default tries every convolution algorithm on each new shape.
      cuda: { device_id, cudnn_conv_algo_search: "HEURISTIC" },
      tensorrt: {
        device_id,
        trt_fp16_enable: config.fp16 ? "1" : "0",
        // Sums of squares leave half precision's range.
        trt_layer_norm_fp32_fallback: config.fp16 ? "1" : "0",
        ...(cache &&
          {
            trt_engine_cache_enable: "1",
            trt_engine_cache_path: cache,
            trt_timing_cache_enable: "1",
          }),
      },
    },
  };
}

function defaultCache(): string | undefined {
  const home = Deno.env.get("HOME");
  const base = Deno.env.get("XDG_CACHE_HOME") ?? (home && join(home, ".cache"));
  return base && join(base, "whence", "tensorrt");
}
