import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError } from "../../../src/model/manifest.ts";
import { installWheel } from "../../../src/model/runtimes/install_wheel.ts";
import { installedRuntimes } from "../../../src/model/runtimes/installed_runtimes.ts";
import { makeWheel, PLATFORM, realFiles } from "./made_wheel.ts";

const NAME = `onnxruntime_gpu-9.9.9-cp310-cp310-${PLATFORM}.whl`;
const FILES = await realFiles();
/** Enough for faults that are found before the library is loaded. */
const TEXT = { "onnxruntime/capi/libonnxruntime.so.1.99.0": new TextEncoder().encode("text") };

async function withFolder(body: (folder: string, parent: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "whence-wheel-test-" });
  try {
    await body(folder, join(folder, "runtimes"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const refuses = (promise: Promise<unknown>, message: RegExp) =>
  assert.rejects(promise, (error: Error) => {
    assert.ok(error instanceof ModelError, `${error.stack}`);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });

Deno.test("a wheel's ONNX Runtime is unpacked, loaded and listed", () =>
  withFolder(async (folder, parent) => {
    const wheel = await makeWheel(folder, NAME, FILES);
    const seen: number[] = [];
    const { runtime, probe } = await installWheel(wheel, {
      parent,
      onProgress: (done, total) => seen.push(done / total),
    });
    assert.equal(runtime.name, "onnxruntime-gpu");
    assert.match(runtime.version, /^1\.\d+\.\d+$/);
    assert.deepEqual(probe.providers.at(-1), { provider: "cpu", reason: undefined });
    assert.equal(seen.at(-1), 1);
    const names = [...Deno.readDirSync(runtime.folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["LICENSE", runtime.library, "runtime.json"]);
    assert.deepEqual(installedRuntimes([parent]), [runtime]);

    await refuses(installWheel(wheel, { parent }), /onnxruntime-gpu is installed; pass --replace/);
    await installWheel(wheel, { parent, replace: true, sha256: runtime.sha256.toUpperCase() });
    await installWheel(wheel, { parent, name: "other" });
    assert.deepEqual(
      installedRuntimes([parent]).map(({ name }) => name),
      ["onnxruntime-gpu", "other"],
    );
  }));

Deno.test("a wheel that does not fit, or is damaged, is refused and leaves nothing", () =>
  withFolder(async (folder, parent) => {
    const machine = { arch: Deno.build.arch, glibc: 31 };
    const cases: [name: string, files: typeof FILES, message: RegExp, sha256?: string][] = [
      ["onnxruntime.whl", TEXT, /must have a wheel's name/],
      ["onnxruntime-1.0-cp310-cp310-win_amd64.whl", TEXT, /must be for Linux with glibc/],
      ["onnxruntime-1.0-cp310-cp310-linux_riscv64.whl", TEXT, /must be for Linux with glibc/],
      [NAME.replace("2_17", "2_38"), TEXT, /it needs glibc 2\.38, got 2\.31$/],
      [NAME, {}, /must contain onnxruntime\/capi\/libonnxruntime\.so\.VERSION$/],
      [NAME, TEXT, /its SHA-256 must be 00, got [0-9a-f]{64}$/, "00"],
      [
        NAME,
        TEXT,
        /Cannot use .*(file too short|invalid ELF header)$/,
      ],
    ];
    for (const [name, files, message, sha256] of cases) {
      const wheel = await makeWheel(folder, name, files);
      await refuses(installWheel(wheel, { parent, machine, sha256 }), message);
    }
    const changed = await makeWheel(
      folder,
      NAME,
      TEXT,
      (line) => line.replace(/sha256=./, "sha256=_"),
    );
    await refuses(installWheel(changed, { parent }), /must have the SHA-256 _.*, got /);
    await Deno.writeTextFile(join(folder, NAME), "no zip");
    await refuses(installWheel(join(folder, NAME), { parent }), /must be a wheel \(a zip file\)$/);
    await refuses(installWheel(join(folder, "no.whl"), { parent }), /no such file$/);
    assert.deepEqual([...Deno.readDirSync(parent)], []);
  }));
