import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadManifest } from "../../src/model/manifest.ts";
import { TINY, writeSyntheticCheckpoint } from "../importer/synthetic_checkpoint.ts";
import { inFolder } from "../importer/temporary_folder.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Runs `whence ARGS` on a terminal of its own (util-linux's script) and types `answer`. */
async function typed(args: readonly string[], answer: string): Promise<string> {
  const command = [Deno.execPath(), "run", "--quiet", "-A", MAIN, ...args]
    .map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const keyboard = child.stdin.getWriter();
  await keyboard.write(new TextEncoder().encode(answer));
  const { stdout } = await child.output();
  await keyboard.close().catch(() => {});
  return new TextDecoder().decode(stdout);
}

Deno.test("on a terminal, import asks for the kinds of the heads", async (t) => {
  await inFolder(async (folder) => {
    const source = join(folder, "source");
    await writeSyntheticCheckpoint(source, TINY);
    const answers = [
      ["no answer keeps the presumed kinds", "\n", ["speech", "sound"], false],
      ["an answer counts as verified", "sound,speech\n", ["sound", "speech"], true],
    ] as const;
    for (const [name, answer, kinds, verified] of answers) {
      await t.step(name, async () => {
        const size = ["--image-size", "32x32", "--replace"];
        const shown = await typed(
          ["model", "import", source, "--name", "asked", "--out", folder, ...size],
          answer,
        );
        assert.match(
          shown,
          /What is the kind of each of the 2 heads .*\[speech,sound, presumed\]/,
        );
        const { manifest } = await loadManifest(join(folder, "asked"));
        assert.deepEqual(manifest.heads, kinds.map((kind) => ({ kind, verified })));
      });
    }
    await t.step("remove asks for confirmation", async () => {
      const args = ["model", "remove", "asked", "--out", folder];
      await typed(args, "n\n");
      await loadManifest(join(folder, "asked"));
      assert.match(await typed(args, "y\n"), /removed /);
      await assert.rejects(loadManifest(join(folder, "asked")));
    });
  });
});
