import assert from "node:assert/strict";
import { join } from "node:path";
import { readSmallFile, SmallFileError } from "../../src/core/small_file.ts";
import { withFiles } from "../config/pipeline_file.ts";

const refusal = async (path: string, most = 100) => {
  try {
    await readSmallFile(path, most);
  } catch (error) {
    assert.ok(error instanceof SmallFileError, String(error));
    return error.message;
  }
  assert.fail(`${path} was read`);
};

Deno.test("a small file is read whole, also through a link and under /proc", async () => {
  await withFiles({ "a": "x".repeat(100), "empty": "" }, async (folder) => {
    assert.equal((await readSmallFile(join(folder, "a"), 100)).length, 100);
    assert.equal((await readSmallFile(join(folder, "empty"), 100)).length, 0);
    await Deno.symlink(join(folder, "a"), join(folder, "link"));
    assert.equal((await readSmallFile(join(folder, "link"), 100)).length, 100);
  });
  assert.ok((await readSmallFile("/proc/version", 10_000)).length > 0);
});

Deno.test("what is no regular file, or too large, is refused at once", async () => {
  await withFiles({ "a": "x".repeat(101) }, async (folder) => {
    assert.equal(await refusal(join(folder, "a")), "it is larger than 100 bytes");
    assert.equal(await refusal(folder), "it is a folder");
    assert.equal(await refusal(join(folder, "none")), "no such file");
    const fifo = join(folder, "fifo");
    assert.ok((await new Deno.Command("mkfifo", { args: [fifo] }).output()).success);
    assert.equal(await refusal(fifo), "it is a named pipe");
    using _listener = Deno.listen({ transport: "unix", path: join(folder, "socket") });
    assert.equal(await refusal(join(folder, "socket")), "it is a socket");
  });
  assert.equal(await refusal("/dev/zero"), "it is a device");
});
