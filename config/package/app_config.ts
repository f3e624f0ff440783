/** The part of deno.json that packaging reads. */
export interface ProjectConfig {
  readonly version: string;
  readonly imports: Readonly<Record<string, string>>;
  readonly compilerOptions: Readonly<Record<string, unknown>>;
}

/**
 * The deno.json of the installed program: only the packages that its sources import, resolved in the `node_modules`
 * beside it, so that a start never asks a registry.
 *
 * @param sources text of the source files.
 */
export function appConfig(
  { version, imports, compilerOptions }: ProjectConfig,
  sources: Iterable<string>,
): Record<string, unknown> {
  const used = new Set<string>();
  for (const text of sources) {
    for (const specifier of specifiersOf(text)) used.add(packageName(specifier));
  }
  return {
    version,
    imports: Object.fromEntries(
      Object.entries(imports).filter(([, target]) => used.has(npmName(target))),
    ),
    compilerOptions,
    nodeModulesDir: "manual",
  };
}

/** What the text imports from packages, statically or not. */
function specifiersOf(text: string): string[] {
  const found = text.matchAll(
    /(?:\bfrom |\bimport |\bimport\(|\bimport\.meta\.resolve\()"([^".\s][^"\s]*)"/g,
  );
  return [...found].map(([, specifier]) => specifier)
    .filter((specifier) => !/^(node|npm|data|file|https?):/.test(specifier));
}

/** `name` of `name/file`, `@scope/name` of `@scope/name/file`. */
function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** `name` of `npm:/name@1.0.0/`. */
function npmName(target: string): string {
  return target.replace(/^npm:\/?/, "").replace(/(?<=.)@.*$/, "");
}
