import assert from "node:assert/strict";
import { LostEngineError } from "../../src/pipeline/engine_keeper.ts";
import type { NextTry } from "../../src/pipeline/pipeline.ts";
import { type Supervised, Supervisor } from "../../src/pipeline/supervisor.ts";

/** A pipeline that does what the test says, run by run. */
class Scripted implements Supervised {
  runs = 0;
  readonly announced: (number | undefined)[] = [];

  constructor(
    readonly body: (run: number, signal: AbortSignal) => Promise<void>,
    readonly restartable = true,
  ) {}

  async run(signal: AbortSignal, nextTry: NextTry): Promise<void> {
    try {
      await this.body(this.runs++, signal);
    } catch (error) {
      this.announced.push(nextTry(error));
      throw error;
    }
  }
}

const fail = (message: string) => () => Promise.reject(new Error(message));
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));

Deno.test("a pipeline that fails is run again while another one runs", async () => {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const failing = new Scripted((run) => {
    if (run < 3) return Promise.reject(new Error("no camera"));
    resolve();
    return Promise.resolve();
  });
  const other = new Scripted(() => done);
  const ends = await new Supervisor([1, 2]).run([failing, other], new AbortController().signal);
  assert.deepEqual(ends.map(({ status }) => status), ["fulfilled", "fulfilled"]);
  assert.deepEqual([failing.runs, other.runs], [4, 1]);
  assert.deepEqual(failing.announced, [1, 2, 2]);
});

Deno.test("a failure is final when no other pipeline runs", async (t) => {
  await t.step("a pipeline alone", async () => {
    const alone = new Scripted(fail("no camera"));
    const [end] = await new Supervisor([1]).run([alone], new AbortController().signal);
    assert.equal(end.status, "rejected");
    assert.deepEqual([alone.runs, alone.announced], [1, [undefined]]);
  });
  await t.step("all of them", async () => {
    const all = [new Scripted(fail("a")), new Scripted(fail("b"))];
    const ends = await new Supervisor([60_000]).run(all, new AbortController().signal);
    assert.deepEqual(ends.map((end) => end.status === "rejected" && end.reason.message), [
      "a",
      "b",
    ]);
  });
  await t.step("the others have ended meanwhile", async () => {
    const failing = new Scripted(fail("no camera"));
    const ending = new Scripted(() => new Promise((resolve) => setTimeout(resolve, 20)));
    const signal = new AbortController().signal;
    const ends = await new Supervisor([60_000]).run([failing, ending], signal);
    assert.deepEqual(ends.map(({ status }) => status), ["rejected", "fulfilled"]);
    assert.deepEqual(failing.announced, [60_000]);
  });
});

Deno.test("a pipeline that must not repeat itself is not run again", async () => {
  const stop = new AbortController();
  const half = new Scripted(fail("damaged"), false);
  const other = new Scripted((_run, signal) => untilAborted(signal));
  const ended = new Supervisor([1]).run([half, other], stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  const [end] = await ended;
  assert.equal(end.status, "rejected");
  assert.equal(half.runs, 1);
});

Deno.test("a stop signal ends the wait for the next try", async () => {
  const stop = new AbortController();
  const failing = new Scripted(fail("no camera"));
  const other = new Scripted((_run, signal) => untilAborted(signal));
  const ended = new Supervisor([600_000]).run([failing, other], stop.signal);
  stop.abort();
  const ends = await ended;
  assert.deepEqual(ends.map(({ status }) => status), ["rejected", "fulfilled"]);
});

Deno.test("a lost engine stops all pipelines, for the process to be restarted", async () => {
  const lost = new Scripted(() => Promise.reject(new LostEngineError("the GPU is gone")));
  const other = new Scripted(async (_run, signal) => {
    await untilAborted(signal);
    assert.ok(signal.reason instanceof LostEngineError);
  });
  const ends = await new Supervisor([1]).run([lost, other], new AbortController().signal);
  assert.deepEqual(ends.map(({ status }) => status), ["rejected", "fulfilled"]);
  assert.deepEqual([lost.runs, lost.announced], [1, [undefined]]);
});
