import assert from "node:assert/strict";
import { JsonlSink } from "../../../src/publish/jsonl/jsonl_sink.ts";
import { eventually } from "../../support/eventually.ts";
import { keepLog } from "../../support/open_sink.ts";
import { decodeLine } from "../../support/read_jsonl.ts";
import { sampleMessage } from "../../support/sample_message.ts";

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
  return text.trimEnd().split("\n").map((line) => decodeLine(line).event.seq);
}

const upTo = (end: number, start = 0) => Array.from({ length: end - start }, (_, i) => start + i);
const written = (sink: JsonlSink, count: number) =>
  eventually(`${count} lines written`, () => sink.counters().acknowledged === count);

Deno.test("every event is appended to the file as a line", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/new/folder/events.jsonl`;
    const { log, lines } = keepLog();
    for (const start of [0, 500]) {
      const sink = new JsonlSink(path, log);
      await sink.open();
      for (const seq of upTo(start + 500, start)) sink.event(sampleMessage({ seq }));
      await sink.close();
      const { accepted, acknowledged, waiting, dropped } = sink.counters();
      assert.deepEqual([accepted, acknowledged, waiting, dropped], [500, 500, 0, 0]);
    }
    assert.deepEqual(await readSequences(path), upTo(1000));
    assert.deepEqual(lines, []);
  });
});

Deno.test("a file that is moved away or deleted is created again", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/events.jsonl`;
    const sink = new JsonlSink(path, () => {});
    await sink.open();
    sink.event(sampleMessage({ seq: 0 }));
    await written(sink, 1);
    await Deno.rename(path, `${path}.1`);
    sink.event(sampleMessage({ seq: 1 }));
    await written(sink, 2);
    assert.deepEqual(await readSequences(`${path}.1`), [0]);
    assert.deepEqual(await readSequences(path), [1]);
    await Deno.remove(path);
    await Deno.writeTextFile(path, "");
    sink.event(sampleMessage({ seq: 2 }));
    await sink.close();
    assert.deepEqual(await readSequences(path), [2]);
  });
});

Deno.test("a line that a crash cut short does not spoil the next", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/events.jsonl`;
    await Deno.writeTextFile(path, '{"schema":"whence/ev');
    const sink = new JsonlSink(path, () => {});
    await sink.open();
    sink.event(sampleMessage({ seq: 7 }));
    await written(sink, 1);
    sink.event(sampleMessage({ seq: 8 }));
    await sink.close();
    const lines = (await Deno.readTextFile(path)).split("\n");
    assert.equal(lines[0], '{"schema":"whence/ev');
    assert.deepEqual(lines.slice(1, 3).map((line) => decodeLine(line).event.seq), [7, 8]);
    assert.deepEqual(lines.slice(3), [""]);
  });
});

Deno.test("lines wait while the disk is full, whole events go when too many wait, and it is reported once", async () => {
  const { log, lines } = keepLog();
  const sink = new JsonlSink("/dev/full", log);
  await sink.open();
  const idOf = (event: number) => `${1763812801 + event}.234-a1b2c3`;
  for (const event of upTo(5_010)) {
    sink.event(sampleMessage({ id: idOf(event), seq: 0 }));
    sink.event(sampleMessage({ id: idOf(event), seq: 1, type: "end", offset: 1763812802 }));
  }
  const { accepted, waiting, dropped } = sink.counters();
  assert.deepEqual([accepted, waiting, dropped], [10_020, 10_000, 20]);
  await eventually("it says so", () => sink.complaint() !== undefined);
  assert.equal(sink.complaint(), "Cannot write /dev/full: no space left on device");
  await sink.close();
  assert.deepEqual([sink.counters().waiting, sink.counters().dropped], [0, 10_020]);
  assert.deepEqual(lines, [
    "warning: Cannot write /dev/full: no space left on device",
    "warning: 10000 event messages could not be written to /dev/full",
  ]);
});

Deno.test("a sink that could not open its file writes as soon as it can", async () => {
  await withFolder(async (folder) => {
    const { log, lines } = keepLog();
    await Deno.writeTextFile(`${folder}/out`, "a file where a folder should be");
    const path = `${folder}/out/events.jsonl`;
    const sink = new JsonlSink(path, log);
    const complaint = `Cannot write ${path}: a part of its path is not a folder`;
    await assert.rejects(sink.open(), { message: complaint });
    sink.event(sampleMessage({ seq: 0 }));
    await eventually("the first cannot be written", () => sink.counters().failures === 2);
    assert.equal(sink.complaint(), complaint);
    await Deno.remove(`${folder}/out`);
    sink.event(sampleMessage({ seq: 1 }));
    await written(sink, 2);
    assert.equal(sink.complaint(), undefined);
    await sink.close();
    assert.deepEqual(await readSequences(path), [0, 1]);
    assert.deepEqual(lines, [`info: Writing to ${path} again`]);
  });
});

Deno.test("every line carries the id of the run", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/events.jsonl`;
    const sink = new JsonlSink(path, () => {});
    await sink.open();
    for (const seq of upTo(2)) sink.event(sampleMessage({ seq }));
    await sink.close();
    const lines = (await Deno.readTextFile(path)).trimEnd().split("\n").map(decodeLine);
    assert.match(lines[0].run, /^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    assert.equal(lines[0].run, lines[1].run);
    assert.deepEqual(lines[0].event, sampleMessage({ seq: 0 }).event);
  });
});

Deno.test("a file that has reached its size makes way, and no line is lost or split", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/events.jsonl`;
  const sink = new JsonlSink(path, () => {}, { maxBytes: 3_000, keep: 2 });
  await sink.open();
  for (let seq = 0; seq < 40; seq++) {
    sink.event(sampleMessage({ seq }));
    await eventually("written", () => sink.counters().waiting === 0);
  }
  await sink.close();
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  assert.deepEqual(files, ["events.jsonl", "events.jsonl.1", "events.jsonl.2"]);
  const seqs = files.reverse().flatMap((name) =>
    Deno.readTextFileSync(`${folder}/${name}`).trim().split("\n").map((line) =>
      JSON.parse(line).seq
    )
  );
  assert.deepEqual(seqs, Array.from({ length: seqs.length }, (_, i) => 40 - seqs.length + i));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a file of yesterday makes way for the first event of today", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/events.jsonl`;
    for (const start of [0, 2]) {
      const sink = new JsonlSink(path, () => {}, { daily: true, keep: 2 });
      await sink.open();
      for (const seq of upTo(start + 2, start)) {
        sink.event(sampleMessage({ seq }));
        await written(sink, seq - start + 1);
      }
      await sink.close();
      const yesterday = new Date(Date.now() - 86_400_000);
      await Deno.utime(path, yesterday, yesterday);
    }
    assert.deepEqual(await readSequences(`${path}.1`), [0, 1]);
    assert.deepEqual(await readSequences(path), [2, 3]);
  });
});

Deno.test("lines that waited for the disk are written when it can be written again, without another event", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/out`, "a file where a folder should be");
    const path = `${folder}/out/events.jsonl`;
    const sink = new JsonlSink(path, () => {});
    await sink.open().catch(() => {});
    for (const seq of upTo(3)) sink.event(sampleMessage({ seq }));
    await eventually("they cannot be written", () => sink.counters().failures > 1);
    await Deno.remove(`${folder}/out`);
    await written(sink, 3);
    await sink.close();
    assert.deepEqual(await readSequences(path), [0, 1, 2]);
  });
});
