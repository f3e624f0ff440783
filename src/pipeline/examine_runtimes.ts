import type { Finding } from "../core/finding.ts";
import type { Accelerator, Requirement } from "../model/provider.ts";
import { PROVIDERS } from "../model/providers.ts";
import { jetpackText } from "../model/providers/jetpack.ts";
import { libraryPath } from "../model/runtime/library_path.ts";
import { installedRuntimes } from "../model/runtimes/installed_runtimes.ts";

/**
 * What a library's providers need of other products, one line each; nothing for a library without accelerators.
 *
 * @param isNeeded whether the pipeline cannot run without a provider.
 */
export function examineRequirements(
  area: string,
  library: string,
  isNeeded: (provider: string) => boolean,
): Finding[] {
  const found = new Map<string, Requirement & { readonly isNeeded: boolean }>();
  for (const provider of accelerators()) {
    for (const requirement of provider.requirements?.(library) ?? []) {
      const known = found.get(requirement.name);
      found.set(requirement.name, {
        name: requirement.name,
        found: known?.found ?? requirement.found,
        needed: union(known?.needed, requirement.needed),
        missing: union(known?.missing, requirement.missing),
        isNeeded: (known?.isNeeded ?? false) || isNeeded(provider.name),
      });
    }
  }
  return [...found.values()].map((requirement): Finding => ({
    area,
    name: requirement.name,
    status: requirement.missing.length === 0 ? "ok" : "missing",
    needed: requirement.isNeeded,
    detail: requirementText(requirement),
  }));
}

/** The installed runtimes other than the one in use, and this Jetson's JetPack. */
export function examineInstalled(used: string | undefined): Finding[] {
  const others = installedRuntimes().filter(({ name }) => libraryPath(name, ".") !== used);
  const jetpack = jetpackText();
  return [
    ...(jetpack === undefined ? [] : [
      {
        area: "ONNX Runtime",
        name: "JetPack",
        status: "ok",
        needed: false,
        detail: jetpack,
      } as const,
    ]),
    ...others.flatMap(({ name, version, folder }): Finding[] => {
      const area = `Runtime ${name}`;
      const detail = `${version}, ${folder}`;
      return [
        { area, name: "library", status: "ok", needed: false, detail },
        ...examineRequirements(area, libraryPath(name, "."), () => false),
      ];
    }),
  ];
}

/** `12.6 (libcudart.so.12)`, or `found libcudart.so.12; needs libcudart.so.13`. */
function requirementText({ needed, missing, found }: Requirement): string {
  const has = `found ${found ?? "none"}`;
  if (missing.length === 0) return `${found ?? "found"} (${needed.join(", ")})`;
  return `${has}; needs ${missing.join(", ")}`;
}

/** Least preferred first: what CUDA needs comes before what TensorRT needs on top. */
function accelerators(): Accelerator[] {
  return PROVIDERS.all.filter((provider) => provider.role === "accelerator").reverse();
}

function union(a: readonly string[] = [], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])];
}
