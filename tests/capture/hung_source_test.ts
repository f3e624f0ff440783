import assert from "node:assert/strict";
import { openCapture } from "../../src/capture/capture.ts";
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

Deno.test("a source that hangs while opening fails at the deadline and is not opened twice", async () => {
  using source = new HungSource();
  await assert.rejects(
    openCapture(source.plan, { openTimeoutMs: 200 }),
    /^CaptureError: Cannot capture from source\.graph: no video and audio arrived within 0\.2 s$/,
  );
  await assert.rejects(
    openCapture(source.plan, { openTimeoutMs: 200 }),
    /^CaptureError: Cannot capture from source\.graph: it hangs; the last attempt has not closed yet$/,
  );
  await eventually("the source can be opened again", async () => {
    await source.wake();
    const error = await openCapture(source.plan, { openTimeoutMs: 200 }).catch((error) => error);
    return /no video and audio/.test(error.message);
  });
  await source.wake();
});

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
