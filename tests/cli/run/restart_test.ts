import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../../config/pipeline_file.ts";
import { eventually } from "../../support/eventually.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const CLIP = join(PROJECT, "tests/support/clips/animals.mkv");

const pipeline = (name: string, source: string) =>
  `source: ${source}
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: { jsonl: ${name}.jsonl }
`;

Deno.test("run: a pipeline that failed is run again while another one runs", async () => {
  const files = {
    "late.yaml": pipeline("late", "{ uri: late.mkv, pace: fast }"),
    "live.yaml": pipeline("live", "{ video: test://ball, audio: test://sine }"),
  };
  await withFiles(files, async (folder) => {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "-A", join(PROJECT, "src/main.ts"), "run"],
        ...Object.keys(files).map((name) => join(folder, name)),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let said = "";
    const drained = (async () => {
      for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) said += text;
    })();
    await eventually("it fails", () => /late: .*failed: .*late\.mkv.*; next try in/.test(said));
    await Deno.copyFile(CLIP, join(folder, "late.mkv"));
    await eventually("it ends well", () => /late: .*stopped: the source has ended/.test(said));
    process.kill("SIGTERM");
    const { code } = await process.status;
    await drained;
    assert.equal(code, 0, said);
    assert.match(said, /live: .*stopped: stop requested/);
    assert.match(await Deno.readTextFile(join(folder, "late.jsonl")), /"type":"new"/);
  });
});
