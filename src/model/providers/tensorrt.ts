import { join, resolve } from "node:path";
import { z } from "zod";
import { cacheFolder } from "../../core/cache_folder.ts";
import type { Accelerator } from "../provider.ts";
import { engineFolders } from "./engine_folders.ts";
import { gpuIndex, hasNvidiaGpu, NVIDIA_PRODUCTS } from "./nvidia.ts";
import { gpuText } from "./nvidia_gpu.ts";
import {
  int8Options,
  precisionKey,
  precisionOf,
  precisionOptions,
  precisionSchema,
} from "./tensorrt_precision.ts";
import { nvidiaRequirements } from "./nvidia_requirements.ts";

const LIBRARY = { file: "libonnxruntime_providers_tensorrt.so", products: NVIDIA_PRODUCTS };

const settings = {
  device: gpuIndex,
  precision: precisionSchema,
  fp16: z.boolean().optional().describe(
    "TensorRT: older form of `precision`: true for fp16, false for fp32",
  ),
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
  hasOwnMemory: true,
  requirements: (library) => nvidiaRequirements(library, LIBRARY),
  compiles: "the first time builds its engines, which may take minutes",
  options({ device, precision, fp16 = true, cache }, folder) {
    const engines = cache === undefined ? defaultCache() : resolve(folder, cache);
    return {
      device_id: String(device),
      ...precisionOptions(precision ?? (fp16 ? "fp16" : "fp32")),
      ...(engines && {
        trt_engine_cache_enable: "1",
        trt_engine_cache_path: engines,
        trt_timing_cache_enable: "1",
      }),
    };
  },
  async prepare(wanted, model) {
    const options = precisionOf(wanted) === "int8" ? int8Options(wanted, model) : wanted;
    const { trt_engine_cache_path: cache, device_id } = options;
    if (!cache) return options;
    const found = nvidiaRequirements(model.ortPath, LIBRARY)
      .find(({ name }) => name === "TensorRT")?.found;
    const folders = engineFolders(cache, {
      tensorrt: found?.split(",")[0] ?? "unknown",
      gpu: gpuText(Number(device_id)) ?? "unknown",
      precision: await precisionKey(options),
      model: await model.hash(),
      axes: model.axes,
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
