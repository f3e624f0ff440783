import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../config/pipeline_file.ts";
import { whence } from "./whence.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

const FILES = {
  "front.yaml": `source: { video: test://ball, audio: test://sine }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: { jsonl: events.jsonl }
`,
};

Deno.test("--log-format json: every line on stderr is one object", async () => {
  await withFiles(FILES, async (folder) => {
    const run = ["run", join(folder, "front.yaml"), "--duration", "4s", "--log-format", "json"];
    const { code, stderr } = await whence(run);
    assert.equal(code, 0, stderr);
    const lines = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.ok(lines.some(({ message }) => /^running/.test(message)), stderr);
    for (const { time, level, pipeline, message } of lines) {
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(["info", "warning"].includes(level));
      assert.equal(pipeline, "front");
      assert.equal(typeof message, "string");
    }
  });
});

Deno.test("--log-format json: faults of a pipeline file are error lines", async () => {
  await withFiles({ "bad.yaml": "sorce: {}\nmodel: m\n" }, async (folder) => {
    const { code, stderr } = await whence([
      ...["--log-format", "json", "check"],
      join(folder, "bad.yaml"),
    ]);
    assert.equal(code, 2);
    const lines = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(lines.length, 3);
    for (const { level, message } of lines) {
      assert.equal(level, "error");
      assert.match(message, /bad\.yaml:[12]:\d: /);
    }
  });
});

Deno.test("--log-level leaves out less important lines", async () => {
  await withFiles(FILES, async (folder) => {
    const run = ["run", join(folder, "front.yaml"), "--duration", "1s", "--log-level", "error"];
    assert.deepEqual(await whence(run), { code: 0, stdout: "", stderr: "" });
  });
  const { code, stderr } = await whence(["check", "x.yaml", "--log-level", "loud"]);
  assert.equal(code, 2);
  assert.match(stderr, /'loud' is invalid.*debug, info, warning, error/);
});

Deno.test("stderr on a full disk, or closed, does not end a pipeline", async (t) => {
  for (const redirection of ["2>/dev/full", "2>&-"]) {
    await t.step(redirection, async () => {
      await withFiles(FILES, async (folder) => {
        const script = `exec "$0" run --quiet -A "$1" run "$2" --duration 2s ${redirection}`;
        const { code } = await new Deno.Command("bash", {
          args: ["-c", script, Deno.execPath(), MAIN, join(folder, "front.yaml")],
          stdin: "null",
          stdout: "null",
        }).output();
        assert.equal(code, 0);
      });
    });
  }
});

Deno.test("in the systemd journal lines carry their severity, elsewhere their time", async (t) => {
  for (const [name, identity, lead] of [["journal", "%d:%i", "<6>"], ["other", "1%d:%i", "2"]]) {
    await t.step(name, async () => {
      await withFiles({ ...FILES, "log": "" }, async (folder) => {
        // As systemd does, JOURNAL_STREAM names the device and inode of stderr.
        const script = `cd "$2"; export JOURNAL_STREAM=$(stat -c ${identity} log)
          exec "$0" run --quiet -A "$1" run front.yaml --duration 4s 2>log`;
        const { code } = await new Deno.Command("bash", {
          args: ["-c", script, Deno.execPath(), MAIN, folder],
          stdin: "null",
          stdout: "null",
        }).output();
        assert.equal(code, 0);
        const lines = (await Deno.readTextFile(join(folder, "log"))).trim().split("\n");
        const running = lines.find((line) => line.includes("front: running"));
        assert.ok(running?.startsWith(lead), lines.join("\n"));
      });
    });
  }
});

Deno.test("control characters in arguments do not reach the terminal", async () => {
  const { code, stderr } = await whence(["check", "\x1b[31mx.yaml"]);
  assert.equal(code, 2);
  assert.equal(stderr, "\\u001b[31mx.yaml: cannot be read: no such file\n");
});
