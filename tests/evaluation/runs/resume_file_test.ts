import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { ResumeFile, resumeKey } from "../../../src/evaluation/runs/resume_file.ts";
import { scratch } from "../made_scenes.ts";

const schema = z.object({ id: z.string(), value: z.number() });

Deno.test("added results are read again, except a truncated line", async () => {
  await using folder = await scratch();
  const path = join(folder.path, "deep", "state.jsonl");
  const first = await ResumeFile.open(path, schema);
  await first.add({ id: "ä", value: 1 });
  await first.add({ id: "b", value: 2 });
  await first.close(false);
  await Deno.writeTextFile(path, '{"id":"c","val', { append: true });
  const second = await ResumeFile.open(path, schema);
  assert.equal(second.size, 2);
  assert.deepEqual(second.get("ä"), { id: "ä", value: 1 });
  assert.equal(second.get("c"), undefined);
  await second.add({ id: "c", value: 3 });
  await second.close(false);
  const third = await ResumeFile.open(path, schema);
  assert.equal(third.get("c")?.value, 3);
  await third.close(true);
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("lines of another shape are measured again", async () => {
  await using folder = await scratch();
  const path = join(folder.path, "state.jsonl");
  await Deno.writeTextFile(path, '{"id":"a","value":1}\n{"id":"b"}\n{"id":"c","value":3}\n');
  const file = await ResumeFile.open(path, schema);
  assert.equal(file.size, 1);
  await file.close(false);
  assert.equal(await Deno.readTextFile(path), '{"id":"a","value":1}\n');
});

Deno.test("the key changes with any part", async () => {
  const keys = await Promise.all([resumeKey("a", "b"), resumeKey("ab"), resumeKey("a", "c")]);
  assert.equal(new Set(keys).size, 3);
  assert.equal(await resumeKey("a", "b"), keys[0]);
});
