import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { neededLibraries } from "../../../src/model/runtime/elf_needed.ts";
import { missingLibraries } from "../../../src/model/runtime/missing_libraries.ts";
import { cuda } from "../../../src/model/providers/cuda.ts";
import { tensorrt } from "../../../src/model/providers/tensorrt.ts";
import { findNodeLibrary } from "../../../src/model/runtime/node_library.ts";

const LIBRARY = findNodeLibrary();
const BINDING = join(dirname(LIBRARY), "onnxruntime_binding.node");

Deno.test("the libraries that a library needs are read from its ELF headers", async () => {
  assert.ok(neededLibraries(LIBRARY).includes("libc.so.6"));
  assert.ok(neededLibraries(BINDING).includes("libonnxruntime.so.1"));
  const path = await Deno.makeTempFile();
  for (const content of ["", "no library", "x".repeat(100)]) {
    await Deno.writeTextFile(path, content);
    assert.deepEqual(neededLibraries(path), []);
  }
  await Deno.remove(path);
});

Deno.test("missing libraries are named with the product that they belong to", async (t) => {
  const folder = await Deno.makeTempDir();
  const ort = join(folder, "libonnxruntime.so.1");
  await Deno.symlink(LIBRARY, ort);

  await t.step("the provider's own library", () => {
    assert.equal(
      missingLibraries(ort, cuda.library!),
      "libonnxruntime_providers_cuda.so must be in the same folder as libonnxruntime.so.1; set runtime.library to a build that has it",
    );
  });

  // A small library of the same build stands in for a provider; two of its needs are renamed.
  const bytes = await Deno.readFile(BINDING);
  rename(bytes, "libstdc++.so.6", "libcudnn.so.9");
  rename(bytes, "libgcc_s.so.1", "libnvinfer.so");
  await Deno.writeFile(join(folder, "libonnxruntime_providers_tensorrt.so"), bytes);

  await t.step("libraries that it needs", () => {
    const reason = missingLibraries(ort, tensorrt.library!);
    assert.equal(
      reason,
      "libonnxruntime_providers_tensorrt.so needs libcudnn.so.9 (cuDNN), libnvinfer.so (TensorRT), " +
        "not found on this machine",
    );
  });

  await t.step("the loader's message when all needed libraries exist", async () => {
    await Deno.writeTextFile(
      join(folder, "libonnxruntime_providers_cuda.so"),
      "no library".repeat(100),
    );
    const reason = missingLibraries(ort, cuda.library!);
    assert.match(
      reason!,
      /^libonnxruntime_providers_cuda\.so cannot be loaded: .*invalid ELF header$/,
    );
  });

  await t.step("no fault", async () => {
    await Deno.copyFile(BINDING, join(folder, "libonnxruntime_providers_cuda.so"));
    assert.equal(missingLibraries(ort, cuda.library!), undefined);
  });
  await Deno.remove(folder, { recursive: true });
});

/** Overwrites a NUL-terminated string by another that is no longer. */
function rename(bytes: Uint8Array, from: string, to: string): void {
  const old = new TextEncoder().encode(`\0${from}\0`);
  const fresh = new TextEncoder().encode(`\0${to}\0`);
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, at + 1)) {
    if (old.every((byte, i) => bytes[at + i] === byte)) bytes.set(fresh, at);
  }
}
