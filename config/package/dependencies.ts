import { packageOfElement } from "../../src/capture/packages.ts";
import { setupElements, usualElements } from "../../src/capture/usual_elements.ts";

/** Elements of recordings and streams in formats that not every robot has. */
const FURTHER_ELEMENTS = ["h264parse", "tsdemux"];

/** Packages that some systems lack: NVIDIA's is only in Jetson Linux, libcamera's not in Ubuntu 22.04. */
const NOT_EVERYWHERE = /^nvidia-|-libcamera$/;

/** What the Debian package asks apt for. */
export interface Dependencies {
  readonly depends: readonly string[];
  readonly recommends: readonly string[];
  readonly suggests: readonly string[];
}

/**
 * The Debian packages that the registry of sources names for its elements.
 *
 * @param glibc oldest version of the C library that the package's binaries run on, such as `2.28`.
 */
export function dependencies(glibc: string): Dependencies {
  const elements = [...setupElements(), ...usualElements()];
  const names = packagesOf(elements);
  const depends = names.filter((name) => !NOT_EVERYWHERE.test(name));
  return {
    depends: [
      "adduser",
      `libc6 (>= ${glibc})`,
      "libgcc-s1",
      "libstdc++6",
      ...depends,
    ],
    recommends: packagesOf(FURTHER_ELEMENTS).filter((name) => !depends.includes(name)),
    suggests: ["mosquitto", "python3-pip", ...names.filter((name) => !depends.includes(name))],
  };
}

function packagesOf(elements: readonly string[]): string[] {
  const names = elements.map((element) => {
    const name = packageOfElement(element);
    if (name === undefined) throw new Error(`No package is known for the element ${element}`);
    return name;
  });
  return [...new Set(names)].sort();
}
