import assert from "node:assert/strict";
import { join } from "node:path";
import { draftOf, replaceFolder, restoreFolder } from "../../src/learning/replace_folder.ts";

async function withFolder(test: (out: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "whence-replace-" });
  try {
    await test(join(folder, "rooms"), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(folder: string, text: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "model"), text);
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("a folder is replaced, or made, and nothing else remains", () =>
  withFolder(async (out, folder) => {
    for (const text of ["first", "second"]) {
      await write(draftOf(out), text);
      await replaceFolder(out);
      assert.equal(await Deno.readTextFile(join(out, "model")), text);
      assert.deepEqual(names(folder), ["rooms"]);
    }
  }));

Deno.test("a folder that a killed replacement moved away is restored", () =>
  withFolder(async (out, folder) => {
    await write(out, "first");
    await write(draftOf(out), "second");
    // The first move of the two.
    await Deno.rename(out, `${draftOf(out)}.old`);
    await restoreFolder(out);
    assert.equal(await Deno.readTextFile(join(out, "model")), "first");
    await replaceFolder(out);
    assert.equal(await Deno.readTextFile(join(out, "model")), "second");
    assert.deepEqual(names(folder), ["rooms"]);
  }));

Deno.test("a folder that is there, or never was, stays as it is", () =>
  withFolder(async (out, folder) => {
    await restoreFolder(out);
    assert.deepEqual(names(folder), []);
    await write(out, "new");
    await write(`${draftOf(out)}.old`, "old");
    await restoreFolder(out);
    assert.equal(await Deno.readTextFile(join(out, "model")), "new");
    assert.deepEqual(names(folder), ["rooms"]);
  }));
