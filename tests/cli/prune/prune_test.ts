import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import {
  deleteAll,
  foreignLibraries,
  pruneText,
} from "../../../src/cli/prune/foreign_libraries.ts";
import { findNodeLibrary } from "../../../src/model/runtime/node_library.ts";
import { withFiles } from "../../config/pipeline_file.ts";
import { whence } from "../whence.ts";

const SYSTEMS = ["darwin/arm64", "linux/arm64", "linux/x64", "win32/x64"];

Deno.test("only this system's libraries stay, in the cache and in installed copies", async () => {
  await withFiles({}, async (folder) => {
    const cache = join(folder, "cache/onnxruntime-node/1.30.0/bin/napi-v6");
    const installed = join(folder, "installed");
    const copy = join(
      ...[installed, ".whence/node_modules/.deno/onnxruntime-node@1.30.0"],
      "node_modules/onnxruntime-node/bin/napi-v6",
    );
    for (const system of SYSTEMS) {
      await Deno.mkdir(join(cache, system), { recursive: true });
      await Deno.mkdir(join(copy, system), { recursive: true });
      await Deno.writeFile(join(cache, system, "library"), new Uint8Array(1_000));
      await Deno.link(join(cache, system, "library"), join(copy, system, "library"));
    }
    const library = join(cache, "linux/x64/libonnxruntime.so.1");
    const foreign = await foreignLibraries(library, installed);
    assert.match(pruneText(foreign, true), /\nWould free 3 kB\.$/);
    await deleteAll(foreign);
    for (const root of [cache, copy]) {
      for (const system of SYSTEMS) {
        const there = await Deno.stat(join(root, system)).then(() => true, () => false);
        assert.equal(there, system === "linux/x64", `${root}/${system}`);
      }
    }
    assert.deepEqual(await foreignLibraries(library, installed), []);
    assert.match(pruneText([], false), /^Nothing to delete/);
  });
});

Deno.test("a library elsewhere has no other systems' beside it", async () => {
  await assert.rejects(foreignLibraries("/usr/lib/a/b/libonnxruntime.so.1", "/x"), /Cannot prune/);
});

Deno.test("prune: whence still runs from a pruned cache", async () => {
  const [cache] = findNodeLibrary().split("/npm/");
  // Hard links: deleting them leaves the machine's own cache whole. They need the same file system.
  const pruned = await Deno.makeTempDir({ dir: cache, prefix: "whence-prune-" });
  const env = { DENO_DIR: pruned, DENO_INSTALL_ROOT: join(pruned, "none") };
  try {
    const link = { args: ["-al", join(cache, "npm"), join(pruned, "npm")] };
    assert.ok((await new Deno.Command("cp", link).output()).success);
    // One more system, as this machine's cache may have been pruned before.
    const napi = dirname(dirname(dirname(findNodeLibrary()))).replace(cache, pruned);
    await Deno.mkdir(join(napi, "plan9/mips"), { recursive: true });
    await Deno.writeFile(join(napi, "plan9/mips/library"), new Uint8Array(5_000_000));
    const { code, stdout, stderr } = await whence(["prune"], { env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\/plan9\/mips\n[^]*Freed \d+ MB\.\n$/);
    assert.ok(stdout.startsWith(pruned), stdout);
    const doctor = await whence(["doctor", "--json"], { env });
    const library = JSON.parse(doctor.stdout).findings.find(
      ({ area, name }: { area: string; name: string }) =>
        area === "ONNX Runtime" && name === "library",
    );
    assert.equal(library.status, "ok");
    assert.ok(library.detail.includes(pruned));
    const again = await whence(["prune"], { env });
    assert.match(again.stdout, /^Nothing to delete/);
  } finally {
    await Deno.remove(pruned, { recursive: true });
  }
});
