import assert from "node:assert/strict";
import { probeFile } from "../../../src/publish/jsonl/probe_file.ts";

Deno.test("probeFile says whether a file could be written, and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-probe-" });
  const entries = () => [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();
  try {
    await Deno.writeTextFile(`${folder}/events.jsonl`, "a line\n");
    await Deno.mkdir(`${folder}/folder`);
    const before = entries();
    const probes: [path: string, status: string, detail: RegExp][] = [
      ["events.jsonl", "ok", /^can be appended to$/],
      ["new.jsonl", "ok", /^can be created$/],
      ["new/folders/new.jsonl", "ok", /^can be created$/],
      ["folder", "broken", /^Cannot write .*\/folder: it is a folder$/],
      ["events.jsonl/x", "broken", /: a part of its path is not a folder$/],
      ["x".repeat(300), "broken", /: the name is too long$/],
    ];
    for (const [name, status, detail] of probes) {
      const probe = await probeFile(`${folder}/${name}`);
      assert.equal(probe.status, status, name);
      assert.match(probe.detail, detail);
    }
    assert.deepEqual(entries(), before);
    assert.equal(await Deno.readTextFile(`${folder}/events.jsonl`), "a line\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("probeFile accepts a writable file in a folder that is not writable", async () => {
  // A file of this process in a folder where not even root can create one.
  assert.deepEqual(await probeFile("/proc/self/comm"), {
    status: "ok",
    detail: "can be appended to",
  });
});

Deno.test("probeFile finds what refuses writes", async () => {
  assert.deepEqual(await probeFile("/dev/full"), {
    status: "broken",
    detail: "Cannot write /dev/full: no space left on device",
  });
  // Root may write anywhere but to the kernel's own files.
  const { status, detail } = await probeFile("/proc/whence/events.jsonl");
  assert.equal(status, "broken");
  assert.match(
    detail,
    /^Cannot write \/proc\/whence\/events\.jsonl: a folder of its path does not exist$/,
  );
});
