import assert from "node:assert/strict";
import { join } from "node:path";
import { withFiles } from "../../config/pipeline_file.ts";
import { whence } from "../whence.ts";

const pipeline = (rest: string) =>
  `source: { video: test://ball, audio: test://sine }
model: denseav-mini
runtime: { providers: [cpu] }
${rest}
`;

async function run(command: string, rest: string, files: Record<string, string> = {}) {
  return await withFiles({ ...files, "front.yaml": pipeline(rest) }, async (folder) => {
    const outcome = await whence([command, join(folder, "front.yaml")]);
    return { ...outcome, files: [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted() };
  });
}

Deno.test("check tries the folder of recordings and leaves nothing behind", async () => {
  const good = await run("check", "record: { path: new/clips, max_mb: 1 }");
  assert.equal(good.code, 0, good.stderr);
  assert.match(
    good.stdout,
    /\n {2}recordings\n {4}\S+\/new\/clips: can be created, [\d.]+ [GM]B free\n/,
  );
  assert.deepEqual(good.files, ["front.yaml"]);
  const bad = await run("check", "record: { path: file/clips }", { file: "" });
  assert.equal(bad.code, 2);
  assert.match(
    bad.stderr,
    /^\S+front\.yaml:4:17: Cannot write \S+\/file\/clips: a part of its path is not a folder\n$/,
  );
});

Deno.test("recordings that the disk has no room for are a fault", async () => {
  const { code, stderr } = await run("check", "record: { path: clips, max_mb: 1e12 }");
  assert.equal(code, 2);
  assert.match(
    stderr,
    /:4:32: record\.max_mb must fit on the disk: \S+ GB more, but [\d.]+ [GM]B are free for \S+clips\n$/,
  );
});

Deno.test("doctor shows the folders of recordings and MCAP files", async () => {
  const { code, stdout } = await run(
    "doctor",
    "record: { path: file }\npublish: { mcap: { path: bags } }",
    { file: "" },
  );
  assert.equal(code, 1);
  assert.match(stdout, /Recordings\n {2}MISSING +\S+\/file +Cannot write .* is not a folder\n/);
  assert.match(stdout, /MCAP files\n {2}ok +bags +can be created, [\d.]+ [GM]B free\n/);
});
