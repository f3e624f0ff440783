/** Places in `enum CUdevice_attribute` of `cuda.h`: compute capability, major and minor. */
const CAPABILITY = [75, 76];
const NAME_BYTES = 256;

/**
 * Name and compute capability of a GPU, such as `Orin sm87`; undefined without a driver or such a GPU.
 *
 * @param library the driver's library.
 */
export function gpuText(index: number, library = "libcuda.so.1"): string | undefined {
  let driver;
  try {
    driver = Deno.dlopen(library, {
      cuInit: { parameters: ["u32"], result: "i32" },
      cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" },
      cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" },
      cuDeviceGetAttribute: { parameters: ["buffer", "i32", "i32"], result: "i32" },
    });
  } catch {
    return undefined;
  }
  const { cuInit, cuDeviceGet, cuDeviceGetName, cuDeviceGetAttribute } = driver.symbols;
  try {
    const value = new Int32Array(1);
    if (cuInit(0) !== 0 || cuDeviceGet(value, index) !== 0) return undefined;
    const device = value[0];
    const name = new Uint8Array(NAME_BYTES);
    if (cuDeviceGetName(name, NAME_BYTES, device) !== 0) return undefined;
    const capability = CAPABILITY.map((attribute) => {
      cuDeviceGetAttribute(value, attribute, device);
      return value[0];
    });
    const text = new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
    return `${text} sm${capability.join("")}`;
  } finally {
    driver.close();
  }
}
