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

Deno.test("recordings that the disk has no room for now are shown, and are no fault", async () => {
  const record = "record: { path: clips, max_mb: 1e12 }";
  const check = await run("check", record);
  assert.equal(check.code, 0, check.stderr);
  const text =
    "record\\.max_mb needs \\d+\\.\\d GB more, but only [\\d.]+ [GM]B are free at \\S+clips\n";
  assert.match(check.stdout, new RegExp(`\n {2}recordings\n {4}\\S+/clips: ${text}`));
  const doctor = await run("doctor", record);
  assert.equal(doctor.code, 1);
  assert.match(doctor.stdout, new RegExp(`Recordings\n {2}MISSING +\\S+/clips +${text}`));
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
