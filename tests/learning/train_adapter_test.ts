import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { trainAdapter } from "../../src/learning/train_adapter.ts";
import { eventually } from "../support/eventually.ts";

/** Trains with a shell script in the place of Python. */
async function withScript(
  script: string,
  test: (train: (signal?: AbortSignal) => Promise<unknown>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "whence-train-" });
  try {
    const python = join(folder, "python");
    await Deno.writeTextFile(python, `#!/bin/sh\necho $$ > ${folder}/pid\n${script}\n`, {
      mode: 0o755,
    });
    const train = (signal = new AbortController().signal) =>
      trainAdapter({ work: folder, python, steps: 2, threads: 1, signal, onProgress: () => {} });
    await test(train, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const isAlive = async (folder: string) =>
  existsSync(`/proc/${(await Deno.readTextFile(join(folder, "pid"))).trim()}`);

Deno.test("a line that is not JSON is one clear error, and training ends", () =>
  withScript("echo hello; exec sleep 600", async (train, folder) => {
    await assert.rejects(
      train(),
      /^LearnError: Cannot learn: training must print lines of JSON, got "hello"$/,
    );
    assert.equal(await isAlive(folder), false);
  }));

Deno.test("JSON that training never prints is the same error", () =>
  withScript(`echo '{"step":"one"}'; exec sleep 600`, async (train, folder) => {
    await assert.rejects(train(), /^LearnError: .* got "\{\\"step\\":\\"one\\"\}"$/);
    assert.equal(await isAlive(folder), false);
  }));

Deno.test("a stop after training has ended is no fault", () =>
  withScript("sleep 3 &", async (train, folder) => {
    const stop = new AbortController();
    const training = train(stop.signal);
    // Its output stays open longer than it runs.
    await eventually("the end", async () => {
      return existsSync(join(folder, "pid")) && !await isAlive(folder);
    });
    stop.abort(new Error("stopped"));
    await assert.rejects(training, /^Error: stopped$/);
  }));

Deno.test("training that fails says its last line of errors", () =>
  withScript("echo first >&2; echo no memory >&2; exit 1", async (train) => {
    await assert.rejects(train(), /^LearnError: Cannot learn: training failed: no memory$/);
  }));

Deno.test("too few moments are told from moments that cannot be compared", async () => {
  await withScript(`echo '{"failure":"too few moments"}'`, async (train) => {
    await assert.rejects(train(), /^LearnError: Cannot learn: .* 4 moments .*; record more$/);
  });
  await withScript(`echo '{"failure":"nothing to compare"}'`, async (train) => {
    await assert.rejects(train(), /must show different views and sounds/);
  });
});
