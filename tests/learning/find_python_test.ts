import assert from "node:assert/strict";
import { join } from "node:path";
import { findPython, pythonFolder, requireRecipe } from "../../src/learning/find_python.ts";

Deno.test("without PyTorch, one line says what to install", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-python-" });
  try {
    const bare = join(folder, "python");
    await Deno.writeTextFile(bare, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    await assert.rejects(
      findPython([join(folder, "nowhere"), bare]),
      /^LearnError: Cannot learn: Python with PyTorch is missing; run: whence learn --setup \(or sudo apt-get install python3-torch python3-numpy\)$/,
    );
    const able = join(folder, "able");
    await Deno.writeTextFile(able, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    assert.equal(await findPython([bare, able]), able);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the environment is in the user's data folder", () => {
  assert.equal(pythonFolder(() => "/data"), "/data/whence/python");
});

Deno.test("without the training recipe, one line says where to learn", async () => {
  await requireRecipe();
  await assert.rejects(
    requireRecipe("/nonexistent"),
    /^LearnError: Cannot learn: \/nonexistent\/whence_training\/learn\.py must be readable \(.*\); learn in a checkout of the project$/,
  );
});
