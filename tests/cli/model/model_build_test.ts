import assert from "node:assert/strict";
import { join } from "node:path";
import { withFiles } from "../../config/pipeline_file.ts";
import { whence } from "../whence.ts";

Deno.test("model build shows what runs where, and model show repeats it", async () => {
  const file = `source: { video: "test://ball", audio: "test://sine" }
model: denseav-mini
window: { duration: 1s }
runtime: { providers: [cpu], threads: 1 }
`;
  await withFiles({ "front.yaml": file }, async (folder) => {
    const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
    const { denoDir } = JSON.parse(new TextDecoder().decode(info.stdout));
    const env = { XDG_CACHE_HOME: join(folder, "cache"), DENO_DIR: denoDir };
    const build = (...args: string[]) =>
      whence(["model", "build", "denseav-mini", ...args], { env });
    const front = join(folder, "front.yaml");

    const { code, stdout, stderr } = await build("--for", front);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^denseav-mini@4: ONNX Runtime \S+ on cpu, window 1 s, built in /);
    const image = /^image +cpu +cpu (\d+) +cpu (\S+) ms +(\w+) \d+ %, /m.exec(stdout);
    assert.ok(image && Number(image[1]) > 50 && Number(image[2]) > 0, stdout);
    assert.match(stdout, /^audio +cpu +cpu \d+ +cpu \S+ ms /m);
    assert.match(stdout, /^similarity +cpu +cpu \d+ +cpu \S+ ms .*MatMul/m);
    assert.match(stderr, /^1\/6 image, load: .*, about .* left$/m);
    assert.match(stderr, /^6\/6 similarity, first run: [^,]*$/m);

    const known = await whence(["check", front], { env });
    assert.match(
      known.stdout,
      /\n {2}placement, measured \S+Z\n {4}image on cpu: \d+ nodes, 100 % of \S+ ms\n {4}audio on cpu: /,
    );
    const set = ["--set", "window.duration=1.5s"];
    const other = await whence(["check", ...set, front], { env });
    assert.doesNotMatch(other.stdout, /placement/);
    const measured = await whence(["check", "--placement", ...set, front], { env });
    assert.match(
      measured.stdout,
      /\n {2}placement\n {4}image on cpu: \d+ nodes, 100 % of \S+ ms\n/,
    );

    assert.equal((await build("--providers", "cpu", "--threads", "1")).code, 0);
    const show = await whence(["model", "show", "denseav-mini"], { env });
    assert.match(show.stdout, /ONNX Runtime \S+ on cpu, window 2 s\n.*PART[^]*window 1 s\n.*PART/);

    const both = await build("--for", front, "--window", "2s");
    assert.equal(both.code, 2);
    assert.match(both.stderr, /^Cannot build: --window must not be given with --for$/m);
    const unknown = await build("--providers", "abacus");
    assert.equal(unknown.code, 2);
    assert.match(
      unknown.stderr,
      /^Cannot build: --providers must be a list of .*cpu, separated by commas, got "abacus"$/m,
    );
  });
});

Deno.test("model build on a GPU that is not there is one line", async () => {
  const { code, stderr } = await whence(["model", "build", "denseav-mini", "--providers", "cuda"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /^Cannot run on cuda: [^\n]*\(add cpu to runtime\.providers/m);
});
