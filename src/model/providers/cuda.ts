import type { Accelerator } from "../provider.ts";
import { gpuIndex, hasNvidiaGpu, NVIDIA_PRODUCTS } from "./nvidia.ts";
import { nvidiaRequirements } from "./nvidia_requirements.ts";

const LIBRARY = { file: "libonnxruntime_providers_cuda.so", products: NVIDIA_PRODUCTS };

const settings = { device: gpuIndex };

/** NVIDIA GPUs through CUDA and cuDNN. */
export const cuda: Accelerator<typeof settings> = {
  role: "accelerator",
  name: "cuda",
  ortName: "CUDAExecutionProvider",
  help: "NVIDIA GPUs",
  settings,
  append: { create: 205, update: 206, append: 204, release: 208 },
  library: LIBRARY,
  hasOwnMemory: true,
  requirements: (library) => nvidiaRequirements(library, LIBRARY),
  options: ({ device }) => ({
    device_id: String(device),
    // The default tries every convolution algorithm on each new shape.
    cudnn_conv_algo_search: "HEURISTIC",
  }),
  hasDevice: hasNvidiaGpu,
};
