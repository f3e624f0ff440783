import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeEvent } from "../../../src/events/event_json.ts";
import { withFiles } from "../../config/pipeline_file.ts";
import { eventually } from "../../support/eventually.ts";
import { probeMedia } from "../../support/probe_media.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

const PIPELINE = `source: { uri: ${PROJECT}models/denseav-mini/demo.mkv, pace: live }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
record: { path: kept, pre: 1s, post: 500ms }
publish: { jsonl: events.jsonl }
`;

Deno.test("record: a process killed by SIGKILL leaves only files that can be read, named by its events", async () => {
  await withFiles({ "front.yaml": PIPELINE }, async (folder) => {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "-A", join(PROJECT, "src/main.ts"), "run"],
        join(folder, "front.yaml"),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const complete = () =>
      Array.fromAsync(Deno.readDir(join(folder, "kept"))).then(
        (entries) => entries.map(({ name }) => name).filter((name) => !name.endsWith(".part")),
        () => [],
      );
    try {
      await eventually("two events", async () => (await complete()).length >= 4, 120_000);
    } finally {
      process.kill("SIGKILL");
      await process.status;
    }
    const lines = (await Deno.readTextFile(join(folder, "events.jsonl"))).trim().split("\n");
    const named = new Set(lines.flatMap((line) => {
      const { run: _, ...event } = JSON.parse(line);
      return Object.values(decodeEvent(JSON.stringify(event)).media);
    }));
    for (const name of await complete()) {
      assert.ok(named.has(name), name);
      const path = join(folder, "kept", name);
      if (name.endsWith(".jpg")) assert.equal((await Deno.readFile(path)).at(-1), 0xd9);
      else assert.ok((await probeMedia(path)).video > 1);
    }
  });
});
