import { join, resolve } from "node:path";
import { z } from "zod";
import { cacheFolder } from "../../core/cache_folder.ts";
import type { Accelerator } from "../provider.ts";
import { engineFolders } from "./engine_folders.ts";
import { gpuIndex, hasNvidiaGpu, NVIDIA_PRODUCTS } from "./nvidia.ts";
import { gpuText } from "./nvidia_gpu.ts";
import { nvidiaRequirements } from "./nvidia_requirements.ts";

const LIBRARY = { file: "libonnxruntime_providers_tensorrt.so", products: NVIDIA_PRODUCTS };

const settings = {
  device: gpuIndex,
  fp16: z.boolean().default(true).describe("TensorRT: allow half precision"),
  cache: z.string().min(1).optional().describe("Folder for TensorRT engines"),
};

/** NVIDIA GPUs through TensorRT, which compiles the model into an engine for this GPU. */
export const tensorrt: Accelerator<typeof settings> = {
  role: "accelerator",
  name: "tensorrt",
  ortName: "TensorrtExecutionProvider",
  help: "NVIDIA GPUs, fastest, slow at the first start",
  settings,
  append: { create: 171, update: 172, append: 170, release: 174 },
  library: LIBRARY,
  requirements: (library) => nvidiaRequirements(library, LIBRARY),
  compiles: "the first time builds its engines, which may take minutes",
  options({ device, fp16, cache }, folder) {
    const engines = cache === undefined ? defaultCache() : resolve(folder, cache);
    return {
      device_id: String(device),
      trt_fp16_enable: fp16 ? "1" : "0",
      // Sums of squares leave half precision's range.
      trt_layer_norm_fp32_fallback: fp16 ? "1" : "0",
      ...(engines && {
        trt_engine_cache_enable: "1",
        trt_engine_cache_path: engines,
        trt_timing_cache_enable: "1",
      }),
    };
  },
  async prepare(options, model) {
    const { trt_engine_cache_path: cache, trt_fp16_enable, device_id } = options;
    if (!cache) return options;
    const found = nvidiaRequirements(model.ortPath, LIBRARY)
      .find(({ name }) => name === "TensorRT")?.found;
    const folders = engineFolders(cache, {
      tensorrt: found?.split(",")[0] ?? "unknown",
      gpu: gpuText(Number(device_id)) ?? "unknown",
      precision: trt_fp16_enable === "1" ? "fp16" : "fp32",
      model: await model.hash(),
    });
    for (const folder of Object.values(folders)) await Deno.mkdir(folder, { recursive: true });
    return {
      ...options,
      trt_engine_cache_path: folders.engines,
      trt_timing_cache_path: folders.timings,
    };
  },
  hasDevice: hasNvidiaGpu,
};

function defaultCache(): string | undefined {
  const base = cacheFolder();
  return base && join(base, "tensorrt");
}
