import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../config/pipeline_file.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const MAIN = join(PROJECT, "src/main.ts");

async function run(command: string, args: readonly string[], options: Deno.CommandOptions = {}) {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    ...options,
    env: { NO_COLOR: "1", ...options.env },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("without permissions, or with some of them, one line says what to run", async () => {
  for (const [flag, missing] of [["--quiet", "env, ffi"], ["--allow-read", "env, ffi"]]) {
    const { code, stderr } = await run(Deno.execPath(), ["run", flag, MAIN, "check", "x.yaml"]);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`^Cannot start: .* permissions ${missing}.*\\n$`));
    assert.ok(stderr.endsWith(`; run: deno run -A ${MAIN}\n`));
  }
});

Deno.test("without its deno.json, one line says what to run", async () => {
  const args = ["run", "-A", "--no-config", MAIN, "check", "x.yaml"];
  const { code, stderr } = await run(Deno.execPath(), args);
  assert.equal(code, 2);
  const command = `deno run -A --config ${join(PROJECT, "deno.json")} ${MAIN}`;
  assert.equal(stderr, `Cannot start: Deno must read Whence's deno.json; run: ${command}\n`);
});

Deno.test("in Node.js of any version, one line says what to run", async () => {
  const line = `Cannot start: Whence runs on Deno, not on Node.js; ` +
    `run: npx -y deno@2.9.6 run -A ${MAIN}\n`;
  const expected = { code: 2, stdout: "", stderr: line };
  const node = await run("node", ["--version"]).catch(() => undefined);
  if (node !== undefined) assert.deepEqual(await run("node", [MAIN, "check"]), expected);

  // Versions before 22.18 read the file as CommonJS, which knows no `import` declarations, `import.meta` and types.
  const read = `const { compileFunction } = await import("node:vm");
    const text = await Deno.readTextFile(${JSON.stringify(MAIN)});
    compileFunction(text, ["exports", "require", "module", "__filename", "__dirname"]);`;
  const commonJs = await run(Deno.execPath(), ["eval", read]);
  assert.equal(commonJs.code, 0, commonJs.stderr);
});

Deno.test("the whence task takes paths from where it is called", async () => {
  const folder = join(PROJECT, "pipelines");
  const options = { cwd: folder, env: { INIT_CWD: folder } };
  const task = ["task", "--quiet", "whence", "check", "file.yaml"];
  const { code, stdout, stderr } = await run(Deno.execPath(), task, options);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^file\.yaml: ok\n/);
});

Deno.test("deno install -g gives a whence that runs in every folder", async () => {
  await withFiles({}, async (folder) => {
    const env = {
      DENO_INSTALL_ROOT: folder,
      PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`,
    };
    const install = "install -g -A --name whence --config deno.json src/main.ts".split(" ");
    const installed = await run(Deno.execPath(), install, { cwd: PROJECT, env });
    assert.equal(installed.code, 0, installed.stderr);
    const elsewhere = join(folder, "elsewhere");
    await Deno.mkdir(elsewhere);
    await Deno.copyFile(join(PROJECT, "pipelines/rtsp-camera.yaml"), join(elsewhere, "door.yaml"));
    const checked = await run(join(folder, "bin/whence"), ["check", "door.yaml"], {
      cwd: elsewhere,
      env,
    });
    assert.equal(checked.code, 0, checked.stderr);
    assert.match(checked.stdout, /^door\.yaml: ok\n/);
    assert.match(checked.stdout, /denseav-mini@\d+ in /);
  });
});
