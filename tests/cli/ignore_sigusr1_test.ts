import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../config/pipeline_file.ts";
import { eventually } from "../support/eventually.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

const PIPELINE = `source: { video: test://ball, audio: test://sine }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: { jsonl: events.jsonl }
`;

/** Signals that a process ignores, from its status file (proc(5), SigIgn). */
async function ignored(pid: number): Promise<bigint> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return BigInt(`0x${/^SigIgn:\s*(\w+)$/m.exec(status)![1]}`);
}

Deno.test("SIGUSR1 opens no debugger and ends nothing", async () => {
  await withFiles({ "front.yaml": PIPELINE }, async (folder) => {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", MAIN, "run", join(folder, "front.yaml")],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stderr = new Response(process.stderr).text();
    try {
      // Deno's own handler comes half a second after start; the pipeline's first event file later than that.
      await eventually("the pipeline writes", async () => {
        return await Deno.stat(join(folder, "events.jsonl")).then(() => true, () => false);
      });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assert.equal((await ignored(process.pid)) >> 9n & 1n, 1n);
      process.kill("SIGUSR1");
      await new Promise((resolve) => setTimeout(resolve, 300));
    } finally {
      process.kill("SIGTERM");
    }
    assert.equal((await process.status).code, 0);
    assert.doesNotMatch(await stderr, /Debugger listening/);
  });
});
