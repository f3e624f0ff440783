import assert from "node:assert/strict";
import { openCapture } from "../../src/capture/capture.ts";
import { needsNewProcess } from "../../src/capture/hung_pipelines.ts";
import type { Capture, CaptureNotice } from "../../src/capture/media.ts";
import type { CapturePlan } from "../../src/capture/plan.ts";
import { eventually } from "../support/eventually.ts";
import { Clips, planOf } from "./media.ts";

/** A source that hangs while it opens, as a bad driver does: a named pipe that has no writer. */
class HungSource implements Disposable {
  readonly #clips = new Clips();
  readonly fifo = this.#clips.path("pipe");
  readonly plan;

  constructor() {
    new Deno.Command("mkfifo", { args: [this.fifo] }).outputSync();
    this.plan = planOf({
      graph: `filesrc location=${this.fifo} ! decodebin ! appsink name=video ` +
        "audiotestsrc is-live=true ! appsink name=audio",
    });
  }

  /** Lets calls that are opening the pipe return, and then read its end. filesrc opens it twice. */
  async wake(): Promise<void> {
    // Opening a pipe for reading and writing does not block.
    const writer = await Deno.open(this.fifo, { read: true, write: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    writer.close();
  }

  [Symbol.dispose](): void {
    this.#clips[Symbol.dispose]();
  }
}

Deno.test("a source that hangs while opening fails at the deadline, and is not opened a fourth time", async () => {
  using source = new HungSource();
  for (let attempts = 0; attempts < 3; attempts++) {
    await assert.rejects(
      openCapture(source.plan, { openTimeoutMs: 200 }),
      /^CaptureError: Cannot capture from source\.graph: no video and audio arrived within 0\.2 s$/,
    );
  }
  await assert.rejects(
    openCapture(source.plan, { openTimeoutMs: 200 }),
    /^CaptureError: Cannot capture from source\.graph: it hangs: 3 attempts have not closed; restart the process$/,
  );
  // It would hang in a new process, too.
  assert.equal(needsNewProcess(), false);
  await eventually("the source can be opened again", async () => {
    await source.wake();
    const error = await openCapture(source.plan, { openTimeoutMs: 200 }).catch((error) => error);
    return /no video and audio/.test(error.message);
  });
  await source.wake();
});

/** A source that gives data and then blocks in a system call while it is read or closed, as a bad driver does. */
class BlockingSource implements Disposable {
  readonly #clips = new Clips();
  readonly #writers: Deno.FsFile[] = [];

  plan(isolate = false): CapturePlan {
    const [video, audio] = ["video", "audio"].map((name) => this.#clips.path(name));
    const plan = planOf({
      graph:
        `filesrc location=${video} ! rawvideoparse format=rgb width=16 height=16 framerate=10/1 ! appsink name=video ` +
        `filesrc location=${audio} ! rawaudioparse pcm-format=f32le num-channels=1 sample-rate=16000 ! appsink name=audio`,
      isolate,
    });
    const device = { ...plan.video, endless: "device" } as const;
    return { ...plan, video: device, audio: device };
  }

  /** Gives a second of both streams to the next reader: pipes of its own, because one that hangs would take part of it. */
  async give(): Promise<void> {
    for (const [name, bytes] of [["video", 10 * 16 * 16 * 3], ["audio", 15 * 4096]] as const) {
      const path = this.#clips.path(name);
      await Deno.remove(path).catch(() => {});
      await new Deno.Command("mkfifo", { args: [path] }).output();
      const writer = await Deno.open(path, { read: true, write: true });
      this.#writers.push(writer);
      await writer.write(new Uint8Array(bytes));
    }
  }

  /** Ends the blocked calls. */
  [Symbol.dispose](): void {
    for (const writer of this.#writers.splice(0)) writer.close();
    this.#clips[Symbol.dispose]();
  }
}

const LIMITS = { openTimeoutMs: 20_000, starvedAfterMs: 200, stalledAfterMs: 400 };

/** Opens a source and waits until it blocks. */
async function openAndStall(source: BlockingSource, plan: CapturePlan): Promise<Capture> {
  await source.give();
  const capture = await openCapture(plan, LIMITS);
  await assert.rejects(async () => {
    for await (const _ of capture.frames());
  }, /no data for 0\.4 s$/);
  return capture;
}

Deno.test("a source that hangs while it closes is left behind and opened again, three times", async () => {
  const source = new BlockingSource();
  const plan = source.plan();
  for (let count = 1; count <= 3; count++) {
    const capture = await openAndStall(source, plan);
    const warnings: CaptureNotice[] = [];
    capture.onNotice = (notice) => notice.kind === "warning" && warnings.push(notice);
    await capture[Symbol.asyncDispose]();
    assert.deepEqual(warnings, [{
      kind: "warning",
      message:
        `source.graph did not close: it is left behind with its threads and memory (${count} of at most 3)`,
    }]);
  }
  await assert.rejects(openCapture(plan, LIMITS), /it hangs: 3 attempts have not closed; restart/);
  assert.equal(needsNewProcess(), true);
  source[Symbol.dispose]();
  await eventually("all have ended", () => !needsNewProcess());
});

for (const isolate of [false, true]) {
  const where = isolate ? "a child process" : "this process";
  Deno.test(`hardware that hangs while no data arrives is replaced by software (${where})`, async () => {
    using source = new BlockingSource();
    const software = planOf({ video: "test://ball", audio: "test://ticks" });
    // Any element that hangs can be the decoder.
    const plan = { ...source.plan(isolate), hardware: ["filesrc"], fallback: software };
    const hung = await openAndStall(source, plan);
    await hung[Symbol.asyncDispose]();
    await using capture = await openCapture(plan, LIMITS);
    const notices: CaptureNotice[] = [];
    capture.onNotice = (notice) => notices.push(notice);
    assert.deepEqual(notices, [{
      kind: "warning",
      message: "filesrc hung while no data arrived; video is decoded in software",
    }]);
  });
}

Deno.test("an abort ends the opening of a hanging source", async () => {
  using source = new HungSource();
  const ending = new AbortController();
  const opening = openCapture(source.plan, { signal: ending.signal, openTimeoutMs: 1e9 });
  setTimeout(() => ending.abort(), 100);
  await assert.rejects(opening, /abort/i);
  await source.wake();
});

Deno.test("many hanging sources leave the threads of native calls free", async () => {
  const sources = Array.from({ length: 40 }, () => new HungSource());
  try {
    const ending = new AbortController();
    const openings = sources.map(({ plan }) =>
      openCapture(plan, { signal: ending.signal, openTimeoutMs: 1e9 }).catch(() => {})
    );
    await using healthy = await openCapture(
      planOf({ video: "test://ball", audio: "test://ticks" }),
    );
    for await (const _ of healthy.frames()) break;
    const clock = Deno.dlopen("libc.so.6", {
      getpid: { parameters: [], result: "i32", nonblocking: true },
    });
    assert.equal(await clock.symbols.getpid(), Deno.pid);
    clock.close();
    ending.abort();
    await Promise.all(openings);
  } finally {
    for (const source of sources) {
      await source.wake();
      source[Symbol.dispose]();
    }
  }
});
