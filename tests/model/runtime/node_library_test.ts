import assert from "node:assert/strict";
import { ModelError } from "../../../src/model/manifest.ts";
import { findNodeLibrary } from "../../../src/model/runtime/node_library.ts";
import { neededLibraries } from "../../../src/model/runtime/elf_needed.ts";

Deno.test("onnxruntime-node has a library for x64 and for arm64 Linux", () => {
  const machines = { x86_64: ["/linux/x64/", "x86-64"], aarch64: ["/linux/arm64/", "aarch64"] };
  for (const [arch, [folder, loader]] of Object.entries(machines)) {
    const path = findNodeLibrary({ os: "linux", arch });
    assert.ok(path.includes(folder), path);
    assert.match(path, /\/libonnxruntime\.so\.1$/);
    assert.ok(
      neededLibraries(path).some((name) => name.startsWith("ld-linux") && name.includes(loader)),
    );
  }
});

Deno.test("without a library for the machine the error names the key to set", () => {
  assert.throws(() => findNodeLibrary({ os: "plan9", arch: "mips" }), (error: Error) => {
    assert.ok(error instanceof ModelError);
    assert.match(
      error.message,
      /for plan9 mips in .*; set runtime\.library to the path of another/,
    );
    return true;
  });
});
