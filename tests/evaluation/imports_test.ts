import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));

/** Files of a folder below `src`, and what each imports from `src`. */
function importsOf(folder: string): { file: string; imports: string[] }[] {
  return [...Deno.readDirSync(join(SRC, folder))].filter((entry) => entry.isFile).map(
    ({ name }) => {
      const text = Deno.readTextFileSync(join(SRC, folder, name));
      const imports = [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, specifier]) =>
        relative(SRC, join(SRC, folder, specifier))
      );
      return { file: join(folder, name), imports };
    },
  );
}

Deno.test("evaluation: runs import metrics and data sets, which import neither runs nor each other", () => {
  const parts = {
    "evaluation/datasets": ["evaluation", "evaluation/datasets", "core"],
    "evaluation/metrics": ["evaluation", "evaluation/metrics", "core", "events"],
  };
  for (const [folder, allowed] of Object.entries(parts)) {
    const files = importsOf(folder);
    assert.ok(files.length > 5);
    for (const { file, imports } of files) {
      for (const target of imports) {
        assert.ok(allowed.includes(dirname(target)), `${file} imports ${target}`);
      }
    }
  }
  for (const { file, imports } of importsOf("evaluation")) {
    for (const target of imports) {
      assert.equal(dirname(target), "core", `${file} imports ${target}`);
    }
  }
});
