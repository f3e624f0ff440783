import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { makeWheel, PLATFORM, realFiles } from "../../model/runtimes/made_wheel.ts";
import { freePort } from "../../support/free_port.ts";
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
    const hash = await whence(["runtime", "install", "--sha256", "abc"], { env });
    assert.equal(
      hash.stderr,
      "error: option '--sha256 <hex>' argument 'abc' is invalid. It must have 64 hexadecimal digits.\n",
    );
    assert.equal(hash.code, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a runtime is installed from a package index", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-index-test-" });
  try {
    const name = `onnxruntime_gpu-1.30.0-cp310-cp310-${PLATFORM}.whl`;
    const text = (lines: string) => new TextEncoder().encode(lines);
    const files = {
      ...await realFiles(),
      "onnxruntime_gpu-1.30.0.dist-info/METADATA": text(
        "Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.30.0\n",
      ),
      "onnxruntime_gpu-1.30.0.dist-info/WHEEL": text("Wheel-Version: 1.0\n"),
    };
    const bytes = await Deno.readFile(await makeWheel(folder, name, files));
    const digest = createHash("sha256").update(bytes).digest("hex");
    let stated = digest;
    const requests: string[] = [];
    await using index = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (r) => {
      const { pathname } = new URL(r.url);
      requests.push(pathname);
      if (pathname === `/files/${name}`) return new Response(bytes);
      if (pathname !== "/jp6/onnxruntime-gpu/") return new Response("no", { status: 404 });
      const page = `<!DOCTYPE html><a href="/files/${name}#sha256=${stated}">${name}</a>`;
      return new Response(page, { headers: { "Content-Type": "text/html" } });
    });
    const env = {
      XDG_DATA_HOME: join(folder, "data"),
      PIP_CONFIG_FILE: "/dev/null",
      PIP_NO_CACHE_DIR: "1",
      PIP_RETRIES: "0",
    };
    const install = (wanted: string, path = "jp6") => {
      const url = `http://127.0.0.1:${index.addr.port}/${path}`;
      return whence(["runtime", "install", wanted, "--index", url], { env });
    };

    // Wheels for another Python are taken too: only the libraries in them are used.
    const installed = await install("onnxruntime-gpu");
    assert.equal(installed.code, 0, installed.stderr);
    assert.match(installed.stdout, /^installed onnxruntime-gpu: ONNX Runtime 1\.\d+\.\d+ in /);
    assert.ok(requests.includes(`/files/${name}`));
    const listed = await whence(["runtime", "list"], { env });
    assert.match(listed.stdout, /^onnxruntime-gpu +1\.\d+\.\d+ /m);

    assert.equal((await whence(["runtime", "remove", "onnxruntime-gpu"], { env })).code, 0);
    stated = "0".repeat(64);
    const altered = await install("onnxruntime-gpu==1.30.0");
    assert.notEqual(altered.code, 0);
    assert.match(altered.stderr, /^Cannot install onnxruntime-gpu==1\.30\.0: pip: .*(HASH|hash)/m);
    const elsewhere = await install("onnxruntime-gpu", "jp9");
    assert.match(
      elsewhere.stderr,
      /^Cannot install onnxruntime-gpu: pip: No matching distribution/m,
    );
    const closed = `http://127.0.0.1:${freePort()}`;
    const unavailable = await whence(["runtime", "install", "--index", closed], {
      env: { ...env, PIP_RETRIES: "1" },
    });
    assert.match(
      unavailable.stderr,
      /^Cannot install onnxruntime-gpu: the package index is unavailable: .*Connection refused/m,
    );
    assert.match((await whence(["runtime", "list"], { env })).stdout, /no runtimes are installed/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
