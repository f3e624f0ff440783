import { dirname, join } from "node:path";
import type { ProviderLibrary, Requirement } from "../provider.ts";
import { neededLibraries } from "../runtime/elf_needed.ts";
import { NVIDIA_PRODUCTS } from "./nvidia.ts";

/** How a product's version is asked of its library. */
interface VersionCall {
  /** Matches the library that has the function. */
  readonly library: RegExp;
  read(soname: string): string;
}

const DRIVER = "NVIDIA driver";

const VERSIONS: Readonly<Record<string, VersionCall>> = {
  [DRIVER]: {
    library: /^libcuda\.so/,
    read: (soname) => `with CUDA ${cudaText(written(soname, "cuDriverGetVersion"))}`,
  },
  CUDA: {
    library: /^libcudart\.so/,
    read: (soname) => cudaText(written(soname, "cudaRuntimeGetVersion")),
  },
  cuDNN: {
    library: /^libcudnn\.so/,
    // cuDNN 8 has 8600 for 8.6.0, cuDNN 9 has 90300 for 9.3.0.
    read: (soname) => dotted(returned(soname, "cudnnGetVersion", "usize"), 9),
  },
  TensorRT: {
    library: /^libnvinfer\.so/,
    // TensorRT 8 has 8502 for 8.5.2, TensorRT 10 has 100300 for 10.3.0.
    read: (soname) => dotted(returned(soname, "getInferLibVersion", "i32"), 10),
  },
};

/**
 * NVIDIA's products that a provider's library needs: the libraries with their versions, and what this machine has.
 *
 * @param ortPath path of ONNX Runtime's own library.
 * @param folders where libraries of other versions are looked for.
 */
export function nvidiaRequirements(
  ortPath: string,
  { file }: ProviderLibrary,
  folders: readonly string[] = libraryFolders(),
): Requirement[] {
  const needed = attempt(() => neededLibraries(join(dirname(ortPath), file))) ?? [];
  const cudaMajor = Number(needed.join(" ").match(/libcudart\.so\.(\d+)/)?.[1] ?? 0);
  const names = [...new Set(NVIDIA_PRODUCTS.map(([, product]) => product))];
  return names.flatMap((name) => {
    const libraries = needed.filter((library) => productOf(library) === name);
    return libraries.length === 0 ? [] : [requirement(name, libraries, cudaMajor, folders)];
  });
}

function requirement(
  name: string,
  libraries: readonly string[],
  cudaMajor: number,
  folders: readonly string[],
): Requirement {
  const missing = libraries.filter((library) => !loads(library));
  const call = VERSIONS[name];
  const asked = libraries.find((library) => call.library.test(library));
  const versioned = asked !== undefined && !missing.includes(asked) ? asked : undefined;
  const version = versioned === undefined ? undefined : attempt(() => call.read(versioned));
  const tooOld = name === DRIVER && version !== undefined ? oldDriver(version, cudaMajor) : [];
  const others = libraries.flatMap((library) => otherVersions(library, folders));
  const found = [...(version === undefined ? [] : [version]), ...new Set(others)].join(", ");
  return { name, needed: libraries, missing: [...missing, ...tooOld], found: found || undefined };
}

/** A driver runs programs for its own major version of CUDA and older ones. */
function oldDriver(version: string, cudaMajor: number): string[] {
  const major = Number(/\d+/.exec(version)?.[0]);
  return major < cudaMajor ? [`a driver with CUDA ${cudaMajor}`] : [];
}

function productOf(library: string): string | undefined {
  return NVIDIA_PRODUCTS.find(([pattern]) => pattern.test(library))?.[1];
}

/** Files such as `libcudart.so.12` when `libcudart.so.13` is needed. */
function otherVersions(library: string, folders: readonly string[]): string[] {
  const [stem, wanted] = library.split(".so.");
  return folders.flatMap((folder) =>
    (attempt(() => [...Deno.readDirSync(folder)]) ?? []).map(({ name }) => name)
      .filter((name) => {
        const [other, version = ""] = name.split(".so.");
        return other === stem && /^\d+$/.test(version) && version !== wanted;
      })
  );
}

function libraryFolders(): string[] {
  const triplet = `${Deno.build.arch}-linux-gnu`;
  const paths = (Deno.env.get("LD_LIBRARY_PATH") ?? "").split(":").filter((path) => path !== "");
  return [
    ...paths,
    `/usr/lib/${triplet}`,
    `/usr/lib/${triplet}/nvidia`,
    "/usr/local/cuda/lib64",
    "/usr/local/lib",
  ];
}

function loads(library: string): boolean {
  return attempt(() => (Deno.dlopen(library, {}).close(), true)) ?? false;
}

/** A function that writes an int and returns an error code. */
function written(soname: string, name: string): number {
  const { symbols, close } = open(soname, name, ["buffer"], "i32");
  const value = new Int32Array(1);
  const code = symbols[name](value);
  close();
  if (code !== 0) throw new Error(`${name} returned ${code}`);
  return value[0];
}

/** A function that returns a number. */
function returned(soname: string, name: string, result: "i32" | "usize"): number {
  const { symbols, close } = open(soname, name, [], result);
  const value = Number(symbols[name]());
  close();
  return value;
}

function open(
  soname: string,
  name: string,
  parameters: readonly "buffer"[],
  result: "i32" | "usize",
) {
  const library = Deno.dlopen(soname, { [name]: { parameters, result } });
  return {
    symbols: library.symbols as Record<string, (...args: Int32Array[]) => number | bigint>,
    close: () => library.close(),
  };
}

/** `12.6` of 12060. */
function cudaText(version: number): string {
  return `${Math.floor(version / 1000)}.${Math.floor(version % 1000 / 10)}`;
}

/** Majors from `since` on have two digits for each of the other numbers, older ones have one for the minor version. */
function dotted(version: number, since: number): string {
  const unit = version >= since * 10_000 ? 10_000 : 1000;
  return [
    Math.floor(version / unit),
    Math.floor(version % unit / 100),
    version % 100,
  ].join(".");
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
