import assert from "node:assert/strict";
import fc from "fast-check";
import { EventOutbox, type EventOutboxOptions } from "../../../src/publish/outbox/event_outbox.ts";
import { openOutboxFile, outboxPath } from "../../../src/publish/outbox/outbox_file.ts";
import { decodeEvent } from "../../../src/events/event_json.ts";
import type { WhenceEvent } from "../../../src/events/event.ts";
import { eventually } from "../../support/eventually.ts";
import { keepLog } from "../../support/open_sink.ts";
import { sampleMessage } from "../../support/sample_message.ts";

const idOf = (event: number) => `${1763812801 + event}.234-a1b2c3`;

function message(event: number, seq: number, type: WhenceEvent["type"] = seq ? "update" : "new") {
  return sampleMessage({
    id: idOf(event),
    seq,
    type,
    offset: type === "end" ? 1763812802 : null,
  });
}

/** An outbox in a folder, as a sink opens it. */
function stored(folder: string, options: EventOutboxOptions = {}): EventOutbox {
  const place = { folder, pipeline: "front", target: "mqtt://b", sync: "normal" } as const;
  const { log = () => {} } = options;
  return new EventOutbox({ openStore: () => openOutboxFile(place, log), retryMs: 20, ...options });
}

/** Takes and acknowledges everything. */
function drain(outbox: EventOutbox): WhenceEvent[] {
  const events: WhenceEvent[] = [];
  for (let held = outbox.take(); held !== undefined; held = outbox.take()) {
    events.push(decodeEvent(held.payload));
    assert.ok(outbox.acknowledge(held.key));
  }
  return events;
}

const short = ({ id, seq, type }: WhenceEvent) =>
  `${Number(id.split(".")[0]) - 1763812801}/${seq} ${type}`;

async function inFolder(test: (folder: string) => unknown): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "outbox-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

type Step = "new" | "update" | "end" | "take" | "acknowledge" | "give back" | "reopen";
const step = fc.constantFrom<Step>(
  ...["new", "update", "update", "end", "take", "acknowledge", "give back", "reopen"] as const,
);

for (const isStored of [false, true]) {
  Deno.test(`${isStored ? "on the disk" : "in memory"}, only whole events are dropped, and order is kept`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(step),
        (bound, steps) =>
          inFolder((folder) => {
            const open = () =>
              isStored
                ? stored(folder, { maxMessages: bound })
                : new EventOutbox({ maxMessages: bound });
            let outbox = open();
            const made = new Map<number, string[]>();
            const got: string[] = [];
            const taken: { key: number; payload: string }[] = [];
            let last = -1;
            let event = -1;
            const add = (type: WhenceEvent["type"]) => {
              const parts = made.get(event)!;
              outbox.add("t", message(event, parts.length, type));
              parts.push(`${event}/${parts.length} ${type}`);
              if (type === "end") last = event;
            };
            for (const what of steps) {
              if (what === "new" && last === event) {
                made.set(++event, []);
                add("new");
              } else if (what === "update" && last !== event) add("update");
              else if (what === "end" && last !== event) add("end");
              else if (what === "take") {
                const held = outbox.take();
                if (held) taken.push(held);
              } else if (what === "acknowledge" && taken.length > 0) {
                const { key, payload } = taken.shift()!;
                assert.ok(outbox.acknowledge(key));
                got.push(short(decodeEvent(payload)));
              } else if (what === "give back") {
                outbox.giveBack();
                taken.length = 0;
              } else if (what === "reopen" && isStored) {
                if (last !== event) add("end");
                // Otherwise an event sent in part could be dropped: that it was sent is not stored.
                for (const { key, payload } of taken.splice(0)) {
                  assert.ok(outbox.acknowledge(key));
                  got.push(short(decodeEvent(payload)));
                }
                outbox.close();
                outbox = open();
              }
            }
            if (last !== event) add("end");
            outbox.giveBack();
            got.push(...drain(outbox).map(short));
            outbox.close();
            const order = got.map((text) => text.split(" ")[0].split("/").map(Number));
            for (let i = 1; i < order.length; i++) {
              const [[a, m], [b, n]] = [order[i - 1], order[i]];
              assert.ok(b > a || b === a && n > m, got.join(", "));
            }
            for (const parts of made.values()) {
              const arrived = parts.filter((part) => got.includes(part));
              if (arrived.length === 0) continue;
              assert.ok(
                arrived.includes(parts[0]) && arrived.includes(parts.at(-1)!),
                got.join(", "),
              );
            }
          }),
      ),
      { numRuns: isStored ? 60 : 200 },
    );
  });
}

Deno.test("a full outbox drops the oldest event with all its messages, also those that follow", () => {
  const outbox = new EventOutbox({ maxMessages: 4 });
  outbox.add("t", message(0, 0));
  outbox.add("t", message(0, 1));
  outbox.add("t", message(1, 0));
  outbox.add("t", message(1, 1, "end"));
  outbox.add("t", message(2, 0));
  outbox.add("t", message(0, 2, "end"));
  assert.deepEqual(drain(outbox).map(short), ["1/0 new", "1/1 end", "2/0 new"]);
  assert.equal(outbox.dropped, 3);
});

Deno.test("an event that was sent in part keeps its end; its updates make room", () => {
  const outbox = new EventOutbox({ maxMessages: 3 });
  outbox.add("t", message(0, 0));
  assert.ok(outbox.acknowledge(outbox.take()!.key));
  for (const seq of [1, 2, 3, 4, 5]) outbox.add("t", message(0, seq));
  outbox.add("t", message(0, 6, "end"));
  assert.deepEqual(drain(outbox).map(short), ["0/4 update", "0/5 update", "0/6 end"]);
  assert.equal(outbox.dropped, 3);
});

Deno.test("events that are too old are dropped, unless the clock was not set", () => {
  let nowMs = Date.UTC(2026);
  const outbox = new EventOutbox({ maxDays: 7, nowMs: () => nowMs });
  outbox.add("t", message(0, 0));
  outbox.add("t", message(0, 1, "end"));
  nowMs += 6 * 86_400_000;
  outbox.add("t", message(1, 0));
  assert.equal(outbox.dropped, 0);
  nowMs += 2 * 86_400_000;
  outbox.add("t", message(1, 1, "end"));
  assert.deepEqual(drain(outbox).map(short), ["1/0 new", "1/1 end"]);
  nowMs = 0;
  outbox.add("t", message(2, 0));
  nowMs = Date.UTC(2026);
  outbox.add("t", message(2, 1, "end"));
  assert.equal(drain(outbox).length, 2);
});

Deno.test("what waits is sent after a restart, in order and with the same ids", () =>
  inFolder((folder) => {
    const first = stored(folder);
    for (const event of [0, 1, 2]) {
      first.add("t", message(event, 0));
      first.add("t", message(event, 1, "end"));
    }
    assert.ok(first.acknowledge(first.take()!.key));
    first.take();
    assert.equal(first.unstored, 0);
    first.close();
    const second = stored(folder);
    assert.equal(second.size, 5);
    second.add("t", message(3, 0));
    assert.deepEqual(drain(second).map(short), [
      ...["0/1 end", "1/0 new", "1/1 end", "2/0 new", "2/1 end", "3/0 new"],
    ]);
    second.close();
  }));

Deno.test("an event that a killed process left open ends with the next start", () =>
  inFolder((folder) => {
    const first = stored(folder);
    first.add("t", message(0, 0));
    first.add("t", message(0, 1));
    drain(first);
    first.close();
    const second = stored(folder);
    assert.deepEqual(second.interrupted.map(short), ["0/1 update"]);
    const [end, ...more] = drain(second);
    assert.deepEqual(more, []);
    assert.equal(short(end), "0/2 end");
    assert.equal(end.reason, "interrupted");
    assert.equal(end.offset, end.onset + end.duration);
    second.close();
    const third = stored(folder);
    assert.deepEqual([third.size, third.interrupted], [0, []]);
    third.close();
  }));

Deno.test("two processes that run the same pipeline do not share a file, and nothing stays behind", () =>
  inFolder((folder) => {
    const { log, lines } = keepLog();
    const first = stored(folder);
    const second = stored(folder, { log });
    assert.match(lines.join(), /Another process publishes front/);
    first.add("t", message(0, 0));
    second.add("t", message(1, 0, "end"));
    first.close();
    second.close();
    const third = stored(folder);
    assert.deepEqual(drain(third).map(short), ["0/0 new", "1/0 end", "0/1 end"]);
    third.close();
  }));

Deno.test("a damaged file is renamed and replaced", () =>
  inFolder((folder) => {
    const path = outboxPath({ folder, pipeline: "front", target: "mqtt://b", sync: "normal" });
    stored(folder).close();
    Deno.writeTextFileSync(path, "x".repeat(20_000));
    const { log, lines } = keepLog();
    const outbox = stored(folder, { log });
    assert.match(lines.join(), /is damaged \(file is not a database\): renamed to .*\.damaged-/);
    outbox.add("t", message(0, 0));
    assert.equal(outbox.unstored, 0);
    outbox.close();
    assert.equal([...Deno.readDirSync(`${folder}/outbox`)].length, 2);
  }));

Deno.test("a folder that cannot be written is a complaint, and events are stored once it can", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/outbox`, "not a folder");
    const { log, lines } = keepLog();
    const outbox = stored(folder, { log });
    outbox.add("t", message(0, 0));
    outbox.add("t", message(0, 1, "end"));
    assert.match(
      outbox.complaint!,
      /^Cannot store events: .*; 2 event messages are held in memory/,
    );
    Deno.removeSync(`${folder}/outbox`);
    await eventually("stored", () => outbox.unstored === 0);
    assert.equal(outbox.complaint, undefined);
    assert.equal(lines.at(-1), "info: Events are stored again");
    outbox.close();
    const next = stored(folder);
    assert.deepEqual(drain(next).map(short), ["0/0 new", "0/1 end"]);
    next.close();
  }));

Deno.test("an outbox holds at least one message", () => {
  assert.throws(() => new EventOutbox({ maxMessages: 0 }), /must be an integer ≥ 1, got 0/);
});

Deno.test({
  name: "a full disk is a complaint; events wait in memory and are stored once there is room",
  ignore: Deno.uid() !== 0,
  fn: () =>
    inFolder(async (folder) => {
      const run = async (command: string, ...args: string[]) =>
        (await new Deno.Command(command, { args, stderr: "null" }).output()).success;
      // Not permitted in every container.
      if (!await run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder)) return;
      try {
        const outbox = stored(folder);
        const filler = `${folder}/filler`;
        outbox.add("t", message(0, 0));
        assert.equal(outbox.complaint, undefined);
        try {
          for (;;) Deno.writeFileSync(filler, new Uint8Array(4096), { append: true });
        } catch {
          // No space left.
        }
        for (let seq = 1; seq < 60; seq++) outbox.add("t", message(0, seq));
        outbox.add("t", message(0, 60, "end"));
        assert.match(outbox.complaint!, /disk (is full|I\/O error)/);
        assert.ok(outbox.unstored > 0);
        // Messages can be sent while the disk is full.
        const sent = outbox.take()!;
        assert.ok(outbox.acknowledge(sent.key));
        Deno.removeSync(filler);
        await eventually("stored", () => outbox.unstored === 0);
        outbox.close();
        const next = stored(folder);
        const seqs = drain(next).map(({ seq }) => seq);
        assert.deepEqual(seqs, Array.from({ length: 60 }, (_, i) => i + 1));
        next.close();
      } finally {
        await run("umount", folder);
      }
    }),
});
