import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generatedFiles } from "../../src/cli/generated_files.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("the generated files are what `whence schema` writes", async (t) => {
  const files = await generatedFiles(PROJECT);
  assert.ok("docs/configuration.md" in files);
  for (const [name, text] of Object.entries(files)) {
    await t.step(name, async () => {
      const file = await Deno.readTextFile(join(PROJECT, name));
      assert.equal(file, text, "run `deno task schema` and commit what it writes");
    });
  }
});
