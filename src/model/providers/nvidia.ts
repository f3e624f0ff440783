import { z } from "zod";

/** Which of several GPUs; shared by all NVIDIA providers. */
export const gpuIndex = z.int().min(0).default(0).describe("GPU index");

/** NVIDIA libraries that a provider may need, and the products that contain them. */
export const NVIDIA_PRODUCTS: readonly (readonly [pattern: RegExp, product: string])[] = [
  [/^libcuda\./, "NVIDIA driver"],
  [/^libcu(blas|dart|fft|rand|solver|sparse)|^libnv(rtc|jitlink)/i, "CUDA"],
  [/^libcudnn/, "cuDNN"],
  [/^libnv(infer|onnxparser)/, "TensorRT"],
];

/** Device files of NVIDIA drivers: of a graphics card, and of a Jetson. */
const DEVICE_FILES = ["/dev/nvidiactl", "/dev/nvmap", "/dev/nvhost-gpu"];

/** Whether an NVIDIA driver runs on this machine. */
export function hasNvidiaGpu(): boolean {
  return DEVICE_FILES.some((file) => {
    try {
      return Deno.statSync(file).isCharDevice === true;
    } catch (error) {
      // Under least permissions it is unknown: then its providers are tried, and what they lack is reported.
      return error instanceof Deno.errors.NotCapable;
    }
  });
}
