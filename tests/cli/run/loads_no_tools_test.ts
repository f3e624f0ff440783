import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const SRC = new URL("../../../src/", import.meta.url);
const TOOLS = ["importer/", "evaluation/", "calibration/"];

interface Dependency {
  readonly code?: { readonly specifier?: string };
  readonly isDynamic?: boolean;
}

/** Modules of the project that a module loads, itself included; `dynamic` follows `import()` as well. */
async function loadedBy(path: string, { dynamic }: { dynamic: boolean }): Promise<string[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", fileURLToPath(new URL(path, SRC))],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const graph: { modules: { specifier: string; dependencies?: Dependency[] }[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  const seen = new Set<string>();
  const open = [new URL(path, SRC).href];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at) || !at.startsWith(SRC.href)) continue;
    seen.add(at);
    for (const { code, isDynamic } of modules.get(at)?.dependencies ?? []) {
      if (code?.specifier && (dynamic || !isDynamic)) open.push(code.specifier);
    }
  }
  return [...seen].map((href) => href.slice(SRC.href.length));
}

const toolsAmong = (modules: readonly string[]) =>
  modules.filter((path) => TOOLS.some((tool) => path.startsWith(tool)));

Deno.test("`whence run` loads neither importer, evaluation nor calibration", async () => {
  const modules = await loadedBy("cli/run/run.ts", { dynamic: true });
  assert.ok(modules.includes("pipeline/stream.ts"), "the graph is complete");
  assert.deepEqual(toolsAmong(modules), []);
});

Deno.test("no command loads a tool before it is chosen", async () => {
  const modules = await loadedBy("cli/commands.ts", { dynamic: false });
  assert.ok(modules.includes("cli/run/run.ts"), "the graph is complete");
  assert.deepEqual(toolsAmong(modules), []);
});

Deno.test("`whence demo` loads only the comparison with the clip's truth", async () => {
  const modules = await loadedBy("cli/demo/demo.ts", { dynamic: true });
  assert.deepEqual(toolsAmong(modules), ["evaluation/metrics/clip_truth.ts"]);
});
