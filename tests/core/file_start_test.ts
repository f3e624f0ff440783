import assert from "node:assert/strict";
import { join } from "node:path";
import { readStart, UnreadableFileError } from "../../src/core/file_start.ts";
import { withFiles } from "../config/pipeline_file.ts";

Deno.test("a file is read up to a bound, also through a link and under /proc", async () => {
  await withFiles({ "a": "x".repeat(100), "empty": "" }, async (folder) => {
    const read = async (name: string, most: number) => {
      const { bytes, whole } = await readStart(join(folder, name), most);
      return [bytes.length, whole];
    };
    assert.deepEqual(await read("a", 100), [100, true]);
    assert.deepEqual(await read("a", 99), [99, false]);
    assert.deepEqual(await read("empty", 100), [0, true]);
    await Deno.symlink(join(folder, "a"), join(folder, "link"));
    assert.deepEqual(await read("link", 100), [100, true]);
  });
  assert.ok((await readStart("/proc/version", 10_000)).bytes.length > 0);
});

Deno.test("what is no regular file is refused at once", async () => {
  const refused = (path: string, message: string) =>
    assert.rejects(readStart(path, 100), new UnreadableFileError(message));
  await withFiles({}, async (folder) => {
    await refused(folder, "it is a folder");
    await refused(join(folder, "none"), "no such file");
    const pipe = join(folder, "pipe");
    assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
    await refused(pipe, "it is a named pipe");
  });
  await refused("/dev/zero", "it is a device");
});
