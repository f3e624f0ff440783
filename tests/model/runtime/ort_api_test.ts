import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { ModelError } from "../../../src/model/manifest.ts";
import { findNodeLibrary } from "../../../src/model/runtime/node_library.ts";
import { loadOrt } from "../../../src/model/runtime/ort_api.ts";

Deno.test("the library inside onnxruntime-node is loaded once and has a version", () => {
  const path = findNodeLibrary();
  const ort = loadOrt(path);
  assert.match(ort.version, /^1\.\d+\.\d+$/);
  assert.equal(loadOrt(path), ort);
});

Deno.test("an unusable library is refused in one line", async (t) => {
  const folder = await Deno.makeTempDir();
  const refuses = (path: string, message: RegExp) =>
    assert.throws(() => loadOrt(path), (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.ok(error.message.startsWith(`Cannot use ${path}: `), error.message);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });

  await t.step("missing", () => {
    refuses(join(folder, "nowhere.so"), /no such file$/);
  });
  await t.step("not a library", async () => {
    const path = join(folder, "text.so");
    await Deno.writeTextFile(path, "not a library");
    refuses(path, /: (file too short|invalid ELF header)$/);
  });
  await t.step("another library", () => {
    refuses("libm.so.6", /must be an ONNX Runtime library, got one without OrtGetApiBase$/);
  });
  await t.step("a named pipe", async () => {
    const path = join(folder, "pipe.so");
    await new Deno.Command("mkfifo", { args: [path] }).output();
    refuses(path, /: it is a named pipe$/);
  });
  await t.step("too old", async () => {
    const library = findNodeLibrary();
    const { version } = loadOrt(library);
    const old = "1.15.9".padEnd(version.length, "9");
    const bytes = await Deno.readFile(library);
    const path = join(folder, basename(library));
    replaceAll(bytes, `${version}\0`, `${old}\0`);
    await Deno.writeFile(path, bytes);
    const message = `ONNX Runtime must be 1\\.16 or a newer 1\\.x, got ${
      old.replaceAll(".", "\\.")
    }$`;
    refuses(path, new RegExp(message));
  });
  await Deno.remove(folder, { recursive: true });
});

function replaceAll(bytes: Uint8Array, from: string, to: string): void {
  const [old, fresh] = [from, to].map((text) => new TextEncoder().encode(text));
  for (let at = bytes.indexOf(old[0]); at >= 0; at = bytes.indexOf(old[0], at + 1)) {
    if (old.every((byte, i) => bytes[at + i] === byte)) bytes.set(fresh, at);
  }
}
