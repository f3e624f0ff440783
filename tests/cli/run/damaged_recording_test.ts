import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../../config/pipeline_file.ts";
import { whence } from "../whence.ts";

const CLIP = fileURLToPath(new URL("../../../models/denseav-mini/demo.mkv", import.meta.url));
const PIPELINE = `source: { uri: part.mkv, pace: fast }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: { jsonl: events.jsonl }
`;

Deno.test("run: a truncated recording is an error that states how much was read, unless tolerated", async () => {
  await withFiles({ "part.yaml": PIPELINE }, async (folder) => {
    const bytes = await Deno.readFile(CLIP);
    await Deno.writeFile(join(folder, "part.mkv"), bytes.subarray(0, bytes.length * 0.4));
    const file = join(folder, "part.yaml");
    const read = /only [4-9]\.\d s of 20\.0 s could be read; it is damaged or truncated/;

    const failed = await whence(["run", file]);
    assert.equal(failed.code, 1, failed.stderr);
    assert.match(failed.stderr, new RegExp(`part\\.yaml:1:9: Cannot read .*${read.source}; --tol`));
    const events = (await Deno.readTextFile(join(folder, "events.jsonl"))).trim().split("\n");
    assert.ok(events.length > 1, "what could be read gave events");

    const tolerated = await whence(["run", file, "--tolerate-damage"]);
    assert.equal(tolerated.code, 0, tolerated.stderr);
    assert.match(tolerated.stderr, read);
    assert.match(tolerated.stderr, /stopped: the source has ended/);
  });
});
