import assert from "node:assert/strict";
import { decodeEvent } from "../../src/events/event_json.ts";
import { JsonlSink } from "../../src/publish/jsonl_sink.ts";
import { eventually } from "../support/eventually.ts";
import { keepLog } from "../support/open_sink.ts";
import { sampleEvent } from "../support/sample_event.ts";

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "whence-jsonl-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function readSequences(path: string): Promise<number[]> {
  const text = await Deno.readTextFile(path);
  assert.ok(text.endsWith("\n"));
  return text.trimEnd().split("\n").map((line) => decodeEvent(line).seq);
}

const upTo = (end: number, start = 0) => Array.from({ length: end - start }, (_, i) => start + i);
const written = (sink: JsonlSink, count: number) =>
  eventually(`${count} lines written`, () => sink.counters().acknowledged === count);

Deno.test("every event becomes a line, behind what the file held", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/new/folder/events.jsonl`;
    const { log, lines } = keepLog();
    for (const start of [0, 500]) {
      const sink = new JsonlSink(path, log);
      await sink.open();
      for (const seq of upTo(start + 500, start)) sink.event(sampleEvent({ seq }));
      await sink.close();
      const { accepted, acknowledged, waiting, dropped } = sink.counters();
      assert.deepEqual([accepted, acknowledged, waiting, dropped], [500, 500, 0, 0]);
    }
    assert.deepEqual(await readSequences(path), upTo(1000));
    assert.deepEqual(lines, []);
  });
});

Deno.test("a file that is moved away or deleted is begun anew", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/events.jsonl`;
    const sink = new JsonlSink(path, () => {});
    await sink.open();
    sink.event(sampleEvent({ seq: 0 }));
    await written(sink, 1);
    await Deno.rename(path, `${path}.1`);
    sink.event(sampleEvent({ seq: 1 }));
    await written(sink, 2);
    assert.deepEqual(await readSequences(`${path}.1`), [0]);
    assert.deepEqual(await readSequences(path), [1]);
    await Deno.remove(path);
    await Deno.writeTextFile(path, "");
    sink.event(sampleEvent({ seq: 2 }));
    await sink.close();
    assert.deepEqual(await readSequences(path), [2]);
  });
});

Deno.test("a line that was torn off by a crash does not spoil the next", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/events.jsonl`;
    await Deno.writeTextFile(path, '{"schema":"whence/ev');
    const sink = new JsonlSink(path, () => {});
    await sink.open();
    sink.event(sampleEvent({ seq: 7 }));
    await written(sink, 1);
    sink.event(sampleEvent({ seq: 8 }));
    await sink.close();
    const lines = (await Deno.readTextFile(path)).split("\n");
    assert.equal(lines[0], '{"schema":"whence/ev');
    assert.deepEqual(lines.slice(1, 3).map((line) => decodeEvent(line).seq), [7, 8]);
    assert.deepEqual(lines.slice(3), [""]);
  });
});

Deno.test("a full disk costs lines that are counted, told of once, and nothing else", async () => {
  const { log, lines } = keepLog();
  const sink = new JsonlSink("/dev/full", log);
  await sink.open();
  for (let i = 1; i <= 3; i++) {
    sink.event(sampleEvent());
    await eventually("the line is given up", () => sink.counters().dropped === i);
  }
  await sink.close();
  assert.deepEqual(lines, ["warning: Cannot write /dev/full: ENOSPC"]);
});

Deno.test("writing goes on when what hindered it is gone", async () => {
  await withFolder(async (folder) => {
    const { log, lines } = keepLog();
    await Deno.writeTextFile(`${folder}/out`, "a file where a folder should be");
    const path = `${folder}/out/events.jsonl`;
    const sink = new JsonlSink(path, log);
    await sink.open();
    sink.event(sampleEvent({ seq: 0 }));
    await eventually("the first is given up", () => sink.counters().dropped === 1);
    await Deno.remove(`${folder}/out`);
    sink.event(sampleEvent({ seq: 1 }));
    await sink.close();
    assert.deepEqual(await readSequences(path), [1]);
    assert.equal(lines.length, 2);
    assert.match(lines[0], /^warning: Cannot write .*events\.jsonl: (EEXIST|ENOTDIR)$/);
    assert.match(lines[1], /^info: Writing to .*events\.jsonl again$/);
  });
});
