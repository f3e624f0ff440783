import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

async function run(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", ...args],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("the test and bench tasks have help", async () => {
  for (const [name, file] of [["test", "tests/run.ts"], ["bench", "bench/main.ts"]]) {
    for (const flag of ["--help", "-h"]) {
      const { code, stdout, stderr } = await run(file, flag);
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`^Usage: deno task ${name} `));
      assert.equal(stderr, "");
    }
  }
});

Deno.test("a wrong option or name of a benchmark is one line and exit code 2", async () => {
  for (const argument of ["--nope", "nope"]) {
    const { code, stdout, stderr } = await run("bench/main.ts", argument);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^Cannot run benchmarks: [^\n]+\n$/);
  }
});
