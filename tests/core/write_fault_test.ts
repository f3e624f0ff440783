import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { systemFault } from "../../src/core/write_fault.ts";

async function caught(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  throw new Error("nothing was thrown");
}

Deno.test("errors of the file system are one line that names the path", async (t) => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "it's a file");
  await Deno.writeTextFile(file, "");
  const below = join(file, "x");
  const cases: [name: string, work: () => unknown, fault: string][] = [
    [
      "a file in place of a folder",
      () => Deno.mkdir(file, { recursive: true }),
      `Cannot write to ${file}: it must be a folder`,
    ],
    [
      "a file in the path",
      () => Deno.mkdir(below, { recursive: true }),
      `Cannot write ${below}: a part of its path is not a folder`,
    ],
    [
      "the same through node:fs",
      () => mkdir(below, { recursive: true }),
      `Cannot write ${below}: a part of its path is not a folder`,
    ],
    [
      "a file that is listed",
      () => Array.fromAsync(Deno.readDir(file)),
      `Cannot read ${file}: it is not a folder`,
    ],
    [
      "a file that is missing",
      () => Deno.readTextFile(join(folder, "none")),
      `Cannot read ${join(folder, "none")}: no such file or folder`,
    ],
    [
      "a folder that is read",
      () => Deno.readTextFile(folder),
      `Cannot read ${folder}: it is a folder`,
    ],
    [
      "a folder that is missing",
      () => Deno.writeTextFile(join(folder, "none/x"), ""),
      `Cannot write ${join(folder, "none/x")}: a folder of its path does not exist`,
    ],
    [
      "a full disk",
      () => Deno.writeTextFile("/dev/full", "x"),
      "Cannot write /dev/full: no space left on device",
    ],
    [
      "a full disk, written through an open file",
      async () => {
        using full = await Deno.open("/dev/full", { write: true });
        await full.write(new Uint8Array(1));
      },
      "Cannot write: no space left on device",
    ],
  ];
  for (const [name, work, fault] of cases) {
    await t.step(name, async () => assert.equal(systemFault(await caught(work)), fault));
  }
  await Deno.remove(folder, { recursive: true });
  assert.equal(systemFault(new TypeError("x is undefined")), undefined);
});
