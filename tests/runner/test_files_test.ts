import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { testFiles } from "./test_files.ts";

Deno.test("test files are found in all folders, helpers are not", async () => {
  const files = await testFiles(fileURLToPath(new URL("../", import.meta.url)));
  const names = files.map((path) => path.replace(/.*\/tests\//, ""));
  assert.ok(names.includes("runner/test_files_test.ts"));
  assert.ok(names.includes("rooms_test.ts"));
  assert.ok(!names.includes("runner/test_files.ts"));
  assert.equal(new Set(names).size, names.length);
});
