import { CommanderError } from "commander";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { report, UsageError } from "../../src/cli/exit.ts";
import { ConfigError } from "../../src/config/fault.ts";
import { ModelError } from "../../src/model/manifest.ts";
import { whence } from "./whence.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

const reported = (cause: unknown) => {
  const lines: string[] = [];
  const code = report(cause, (line) => lines.push(line));
  return { code, lines };
};

Deno.test("each configuration fault is one line, exit code 2", () => {
  const faults = [{ file: "a.yaml", line: 1, column: 2, message: "x" }, {
    file: "--set b",
    message: "rtsp://u:pw@h",
  }];
  assert.deepEqual(reported(new ConfigError(faults)), {
    code: 2,
    lines: ["a.yaml:1:2: x", "--set b: rtsp://u:***@h"],
  });
  assert.deepEqual(reported(new UsageError("Cannot x")), { code: 2, lines: ["Cannot x"] });
});

Deno.test("a failure is one line without a stack trace, exit code 1", () => {
  assert.deepEqual(reported(new ModelError("Cannot load")), { code: 1, lines: ["Cannot load"] });
  const bug = reported(new TypeError("x is undefined\n  at y"));
  assert.deepEqual(bug, {
    code: 1,
    lines: ["Internal error: x is undefined (set WHENCE_DEBUG=1 for the stack trace)"],
  });
  assert.equal(reported("text").code, 1);
});

Deno.test("an error of the file system names the path, exit code 1", () => {
  const folder = Deno.makeTempDirSync();
  const file = `${folder}/file`;
  Deno.writeTextFileSync(file, "");
  try {
    Deno.mkdirSync(file, { recursive: true });
    assert.fail();
  } catch (cause) {
    assert.deepEqual(reported(cause), {
      code: 1,
      lines: [`Cannot write to ${file}: it must be a folder`],
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("help is not a failure, wrong usage is", () => {
  assert.equal(reported(new CommanderError(0, "commander.help", "")).code, 0);
  assert.equal(reported(new CommanderError(1, "commander.unknownOption", "")).code, 2);
});

Deno.test("--help and --version of the program and of each command", async (t) => {
  const help = await whence(["--help"]);
  assert.equal(help.code, 0);
  const names = [...help.stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map((match) => match[1]);
  assert.ok(names.includes("check"), help.stdout);
  for (const name of names.filter((name) => name !== "help")) {
    await t.step(name, async () => {
      const { code, stdout, stderr } = await whence([name, "--help"]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: whence ${name} `));
      assert.equal(stderr, "");
    });
  }
  const version = await whence(["--version"]);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

Deno.test("wrong usage is one line on stderr and exit code 2", async (t) => {
  const cases = [
    ["chekc"],
    ["check"],
    ["check", "--nope", "x.yaml"],
    ["check", "x.yaml", "--set", "nonsense"],
    ["check", "/nowhere/x.yaml"],
    ["check", "pipelines/demo.yaml", "--set", "name=*x"],
    ["run", "docs/event.png"],
    ["run", "/dev/zero"],
    ["run", "pipelines"],
    ["schema", "extra"],
  ];
  for (const args of cases) {
    await t.step(args.join(" "), async () => {
      const { code, stdout, stderr } = await whence(args, { cwd: PROJECT });
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /^[^\n]+\n$/);
    });
  }
  const bare = await whence([]);
  assert.equal(bare.code, 2);
  assert.match(bare.stderr, /^Usage: whence/);
});

Deno.test("a failure in the background is one line and exit code 1 as well", async (t) => {
  const program = new URL("late_failure.ts", import.meta.url).pathname;
  const run = async (how: string, env: Record<string, string>) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", program, "late", how],
      env: { NO_COLOR: "1", ...env },
    }).output();
    return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  };
  for (const how of ["rejection", "exception"]) {
    await t.step(how, async () => {
      const plain = await run(how, {});
      assert.deepEqual(plain, { code: 1, text: "Cannot continue with rtsp://me:***@camera\n" });
      const debug = await run(how, { WHENCE_DEBUG: "1" });
      assert.equal(debug.code, 1);
      assert.match(debug.text, /late_failure\.ts:\d+/);
      assert.ok(!debug.text.includes("hunter2"));
    });
  }
});
