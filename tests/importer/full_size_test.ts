import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runImported } from "./imported_run.ts";
import { FULL_SIZE, writeSyntheticCheckpoint } from "./synthetic_checkpoint.ts";
import { inFolder } from "./temporary_folder.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const MOST_SECONDS = 180;
const MOST_BYTES = 3e9;

// Writes 1.4 GB of random weights and up to 3 GB of models: only when asked for.
const asked = Deno.env.get("WHENCE_FULL_SIZE") === "1";

Deno.test({
  name: "weights of the published size import and run (WHENCE_FULL_SIZE=1)",
  ignore: !asked,
  fn: async (t) => {
    await inFolder(async (folder) => {
      const source = join(folder, "source");
      await writeSyntheticCheckpoint(source, FULL_SIZE);
      for (const precision of ["fp32", "fp16", "int8"] as const) {
        await t.step(precision, async () => {
          const args = ["model", "import", source, "--precision", precision, "--threads", "2"];
          const started = performance.now();
          const { code, stdout, peak } = await measured(
            [...args, "--name", precision, "--out", folder],
          );
          const seconds = (performance.now() - started) / 1000;
          assert.equal(code, 0, stdout);
          console.log(
            `${precision}: ${seconds.toFixed(1)} s, ${(peak / 1e9).toFixed(2)} GB\n${stdout}`,
          );
          assert.ok(seconds < MOST_SECONDS, `${seconds} s`);
          assert.ok(peak > 1e8 && peak <= MOST_BYTES, `${peak} bytes`);
          const run = await runImported(join(folder, precision), 4, 2);
          console.log(`pipeline: ${run.hops} hops, ${run.steps} steps\n${run.log}`);
          await Deno.remove(join(folder, precision), { recursive: true });
        });
      }
    });
  },
});

/** Runs `whence ARGS` and watches its highest resident memory, which the kernel keeps for it. */
async function measured(
  args: readonly string[],
): Promise<{ code: number; stdout: string; peak: number }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", MAIN, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let peak = 0;
  const look = () => {
    try {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has just ended.
    }
  };
  const timer = setInterval(look, 100);
  const { code, stdout } = await child.output();
  clearInterval(timer);
  return { code, stdout: new TextDecoder().decode(stdout), peak };
}
