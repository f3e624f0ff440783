/** Damaged text at every door that reads text: an answer or one line, never a crash. */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { formatFault } from "../../src/config/fault.ts";
import { loadManifest, ModelError } from "../../src/model/manifest.ts";
import { readPipeline } from "../../src/pipeline/load.ts";
import { parseSetCommand } from "../../src/publish/mqtt/set_command.ts";
import { cases, mutated } from "./mutation.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** A message that fits a log: one line, no control characters. */
function assertOneLine(message: string): void {
  assert.ok(message.length > 0);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(message, /[\u0000-\u001f\u007f]/);
}

async function withFile(name: string, use: (folder: string, path: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder, join(folder, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("fuzz: a damaged pipeline file is read, or has faults of one line each", async () => {
  const folder = join(PROJECT, "pipelines");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    name.endsWith(".yaml")
  ).toSorted();
  const files = names.map((name) => Deno.readFileSync(join(folder, name)));
  await withFile("front.yaml", async (_, path) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(...files.map(mutated)), async (bytes) => {
        await Deno.writeFile(path, bytes);
        const { config, faults } = await readPipeline(path, [], () => "value");
        assert.equal(config === undefined, faults.length > 0);
        for (const fault of faults) assertOneLine(formatFault(fault));
      }),
      cases(150),
    );
  });
});

Deno.test("fuzz: a damaged set command is understood, or refused in one line", () => {
  const valid = ['{"enabled": true}', '{"enabled": false}'].map((text) =>
    new TextEncoder().encode(text)
  );
  fc.assert(
    fc.property(fc.oneof(...valid.map(mutated), fc.uint8Array({ maxLength: 1200 })), (payload) => {
      try {
        assert.equal(typeof parseSetCommand(payload), "boolean");
      } catch (error) {
        assertOneLine((error as Error).message);
        assert.match((error as Error).message, /^payload must be /);
      }
    }),
    cases(1000),
  );
});

Deno.test("fuzz: a damaged manifest is read, or refused in one line", async () => {
  const valid = await Deno.readFile(join(PROJECT, "models/denseav-mini/model.yaml"));
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on("warning", warned);
  await withFile("model.yaml", async (folder, path) => {
    await fc.assert(
      fc.asyncProperty(mutated(valid), async (bytes) => {
        await Deno.writeFile(path, bytes);
        try {
          await loadManifest(folder);
        } catch (error) {
          assert.ok(error instanceof ModelError, String(error));
          assert.ok(!error.message.includes("\n"), error.message);
        }
      }),
      cases(300),
    );
  });
  process.off("warning", warned);
  assert.deepEqual(warnings, []);
});
