import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../../config/pipeline_file.ts";
import { whence } from "../whence.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
const rest = (name: string) =>
  `model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: { jsonl: ${name}.jsonl }
`;
const HEALTHY = `source: { video: test://ball, audio: test://sine }\n${rest("healthy")}`;
const HUNG = `source:
  graph: filesrc location=pipe ! decodebin ! appsink name=video  audiotestsrc is-live=true ! appsink name=audio
${rest("hung")}`;
const FILES = { "healthy.yaml": HEALTHY, "hung.yaml": HUNG };

/** A folder with a healthy pipeline, and one whose source hangs while it opens: a named pipe that has no writer. */
function withPipelines(use: (files: string[], folder: string) => Promise<void>): Promise<void> {
  return withFiles(FILES, async (folder) => {
    new Deno.Command("mkfifo", { args: [join(folder, "pipe")] }).outputSync();
    const files = Object.keys(FILES).map((name) => join(folder, name));
    await use(files, folder);
  });
}

Deno.test("run: --duration ends a hanging source, and the other pipeline runs meanwhile", async () => {
  await withPipelines(async (files, folder) => {
    const args = ["run", ...files, "--duration", "5s"];
    const { code, stderr } = await whence(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /healthy: running/);
    assert.match(stderr, /healthy: stopped: stop requested/);
    assert.match(stderr, /hung: stopped: stop requested/);
  });
});

Deno.test("run: the first SIGTERM ends a process with a hanging source", async () => {
  await withPipelines(async (files, folder) => {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", MAIN, "run", ...files],
      env: { NO_COLOR: "1" },
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let log = "";
    for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) {
      const before = log;
      log += text;
      const running = /healthy: running/;
      if (running.test(log) && !running.test(before)) process.kill("SIGTERM");
    }
    assert.equal((await process.status).code, 0, log);
    assert.match(log, /hung: stopped: stop requested/);
  });
});

Deno.test("check and doctor reject a named pipe and a device as a recording", async () => {
  await withPipelines(async ([, hung], folder) => {
    for (const [uri, reason] of [["pipe", "a named pipe"], ["/dev/zero", "a device"]]) {
      const source = ["--set", "source.graph=", "--set", `source.uri=${uri}`];
      const check = await whence(["check", hung, ...source], { cwd: folder });
      assert.equal(check.code, 2);
      assert.match(
        check.stderr,
        new RegExp(`^--set source\\.uri: Cannot open .*: it is ${reason}`),
      );
      const doctor = await whence(["doctor", hung, ...source], { cwd: folder });
      assert.equal(doctor.code, 1);
      assert.match(doctor.stdout, new RegExp(`MISSING .*Cannot open .*: it is ${reason}`));
    }
  });
});
