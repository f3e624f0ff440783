import assert from "node:assert/strict";
import { join } from "node:path";
import { makeWheel, PLATFORM, realFiles } from "../../model/runtimes/made_wheel.ts";
import { whence } from "../whence.ts";

Deno.test("a runtime from a wheel is installed, used by name, listed and removed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-runtime-test-" });
  try {
    const env = { XDG_DATA_HOME: join(folder, "data") };
    const wheel = await makeWheel(
      folder,
      `onnxruntime-1.0.0-cp310-cp310-${PLATFORM}.whl`,
      await realFiles(),
    );
    const file = join(folder, "clip.yaml");
    await Deno.writeTextFile(
      file,
      "source: { video: test://ball, audio: test://sine }\nmodel: denseav-mini\n" +
        "runtime: { library: kitchen, providers: [cpu] }\npublish: { jsonl: events.jsonl }\n",
    );
    const before = await whence(["check", file], { env });
    assert.equal(before.code, 2);
    assert.match(
      before.stderr + before.stdout,
      /:3:\d+: Cannot find the runtime kitchen: .*\(none\)/,
    );

    const installed = await whence(["runtime", "install", wheel, "--name", "kitchen"], { env });
    assert.equal(installed.code, 0, installed.stderr);
    assert.match(installed.stdout, /^installed kitchen: ONNX Runtime 1\.\d+\.\d+ in /);
    assert.match(installed.stdout, /\n {2}cpu +ok\n/);

    const checked = await whence(["check", file], { env });
    assert.equal(checked.code, 0, checked.stderr);
    const where = join(env.XDG_DATA_HOME, "whence/runtimes/kitchen");
    assert.ok(checked.stdout.includes(`${where}/libonnxruntime.so`), checked.stdout);
    const listed = await whence(["runtime", "list"], { env });
    assert.match(listed.stdout, /^kitchen +1\.\d+\.\d+ +cpu +[\d.]+ MB /m);

    assert.equal((await whence(["runtime", "remove", "kitchen"], { env })).code, 0);
    assert.match((await whence(["runtime", "list"], { env })).stdout, /no runtimes are installed/);
    assert.equal((await whence(["runtime", "remove", "kitchen"], { env })).code, 2);
    const odd = await whence(["runtime", "install", "--", "-r/etc/passwd"], { env });
    assert.match(odd.stderr, /must be a \.whl file, NAME or NAME==VERSION/);
    assert.equal(odd.code, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
