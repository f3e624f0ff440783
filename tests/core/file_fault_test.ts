import assert from "node:assert/strict";
import { join } from "node:path";
import { fileFault, fileFaultSync, folderFault } from "../../src/core/file_fault.ts";

Deno.test("only regular files can be read; pipes and devices are refused without opening them", async (t) => {
  const folder = await Deno.makeTempDir();
  const pipe = join(folder, "pipe");
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  await Deno.writeTextFile(join(folder, "text"), "");
  await Deno.symlink("/dev/zero", join(folder, "endless"));
  const cases: Record<string, string | undefined> = {
    [join(folder, "text")]: undefined,
    [join(folder, "none")]: "no such file",
    [join(folder, "b\uFFFDd")]: "its name must be UTF-8",
    [folder]: "it is a folder",
    [pipe]: "it is a named pipe",
    "/dev/zero": "it is a device",
    [join(folder, "endless")]: "it is a device",
  };
  for (const [path, fault] of Object.entries(cases)) {
    await t.step(path, async () => {
      assert.equal(await fileFault(path), fault);
      assert.equal(fileFaultSync(path), fault);
    });
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a folder that cannot be read has its reason", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "text"), "");
  assert.equal(await folderFault(folder), undefined);
  assert.equal(await folderFault(join(folder, "none")), "no such folder");
  assert.equal(await folderFault(join(folder, "text")), "it is not a folder");
  assert.equal(await folderFault(join(folder, "text/in")), "a part of its path is not a folder");
  await Deno.remove(folder, { recursive: true });
});
