import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openCapture } from "../../../src/capture/capture.ts";
import { CaptureError } from "../../../src/capture/capture_error.ts";
import type { Capture } from "../../../src/capture/media.ts";
import { eventually } from "../../support/eventually.ts";
import { type Binding, BINDINGS, eachBinding } from "../bindings.ts";
import { Clips, planOf } from "../media.ts";
import { childrenOf, runs } from "./children.ts";

const GRAPH = "videotestsrc is-live=true ! appsink name=video " +
  "audiotestsrc is-live=true ! appsink name=audio";
const PLAN = planOf({ graph: GRAPH, isolate: true });
/** The ways that use a child process. */
const CHILDREN = BINDINGS.filter(({ via }) => Object.keys(via).length > 0);

/** Opens a capture, and tells which process it started. */
async function openWithPid(via: Binding["via"]): Promise<{ capture: Capture; pid: number }> {
  const before = childrenOf(Deno.pid);
  const capture = await openCapture(planOf({ graph: GRAPH, ...via }));
  const [pid, ...more] = childrenOf(Deno.pid).filter((pid) => !before.includes(pid));
  assert.deepEqual(more, []);
  return { capture, pid };
}

/** Reads until the capture fails. */
async function failureOf(capture: Capture): Promise<unknown> {
  try {
    for await (const _ of capture.frames());
    return undefined;
  } catch (error) {
    return error;
  }
}

for (const signal of ["SIGSEGV", "SIGKILL", "SIGABRT"] as const) {
  Deno.test(`a capture process that ends with ${signal} is an error of its source alone`, async (t) => {
    await eachBinding(t, async (via) => {
      const { capture: other } = await openWithPid(via);
      const { capture, pid } = await openWithPid(via);
      const failing = failureOf(capture);
      // V8 catches the first SIGSEGV, in case WebAssembly caused it; a real fault then happens again.
      const killing = setInterval(() => runs(pid) && Deno.kill(pid, signal), 50);
      const error = await failing;
      clearInterval(killing);
      assert.ok(error instanceof CaptureError);
      assert.equal(
        error.message,
        `Cannot capture from source.graph: killed by ${signal} (capture process)`,
      );
      assert.equal(error.permanent, false);
      await capture[Symbol.asyncDispose]();
      // A zombie would still be listed.
      assert.ok(!childrenOf(Deno.pid).includes(pid));
      const seen = other.stats().frames;
      await eventually("the other capture goes on", () => {
        other.take();
        return other.stats().frames > seen + 2;
      });
      await other[Symbol.asyncDispose]();
      assert.deepEqual(childrenOf(Deno.pid), []);
    }, CHILDREN);
  });
}

Deno.test("signals to all processes of a service leave the capture to its parent", async (t) => {
  await eachBinding(t, async (via) => {
    const { capture, pid } = await openWithPid(via);
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) Deno.kill(pid, signal);
    let frames = 0;
    for await (const _ of capture.frames()) if (++frames === 5) break;
    await capture[Symbol.asyncDispose]();
    assert.ok(!runs(pid));
  }, CHILDREN);
});

Deno.test("a capture process that hangs is killed when its capture is closed", async (t) => {
  await eachBinding(t, async (via) => {
    const { capture, pid } = await openWithPid(via);
    Deno.kill(pid, "SIGSTOP");
    await capture[Symbol.asyncDispose]();
    assert.ok(!runs(pid));
  }, CHILDREN);
});

Deno.test("a source that hangs while opening can be opened again at once", async (t) => {
  await eachBinding(t, async (via) => {
    using clips = new Clips();
    const fifo = clips.path("pipe");
    new Deno.Command("mkfifo", { args: [fifo] }).outputSync();
    const graph = `filesrc location=${fifo} ! decodebin ! appsink name=video ` +
      "audiotestsrc is-live=true ! appsink name=audio";
    for (let time = 0; time < 2; time++) {
      await assert.rejects(
        openCapture(planOf({ graph, ...via }), { openTimeoutMs: 200 }),
        /^CaptureError: .*: (no video and audio arrived within 0\.2 s|its process does not respond)$/,
      );
      assert.deepEqual(childrenOf(Deno.pid), []);
    }
  }, CHILDREN);
});

Deno.test("an abort while the capture process starts leaves no process", async () => {
  const ending = new AbortController();
  const opening = openCapture(PLAN, { signal: ending.signal });
  await eventually("the process has started", () => childrenOf(Deno.pid).length > 0);
  ending.abort();
  await assert.rejects(opening, /abort/i);
  assert.deepEqual(childrenOf(Deno.pid), []);
});

for (const state of ["runs", "is stopped"]) {
  Deno.test(`a capture process that ${state} ends when its parent is killed with kill -9`, async (t) => {
    await eachBinding(t, async (via) => {
      const parent = new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "-A", "--no-lock"],
          fileURLToPath(new URL("./open_and_wait.ts", import.meta.url)),
          JSON.stringify(planOf({ graph: GRAPH, ...via })),
        ],
        stdout: "piped",
      }).spawn();
      const reader = parent.stdout.pipeThrough(new TextDecoderStream()).getReader();
      assert.equal((await reader.read()).value, "open\n");
      const [child] = childrenOf(parent.pid);
      assert.ok(runs(child));
      if (state === "is stopped") Deno.kill(child, "SIGSTOP");
      parent.kill("SIGKILL");
      await parent.status;
      await reader.cancel();
      await eventually("the child has ended", () => !runs(child));
    }, CHILDREN);
  });
}

Deno.test("no process can be started: one line", async () => {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--deny-run", "--no-lock"],
      fileURLToPath(new URL("./open_and_wait.ts", import.meta.url)),
      JSON.stringify(PLAN),
    ],
  }).output();
  assert.match(
    new TextDecoder().decode(stderr),
    /CaptureError: Cannot start the capture process: Requires run access to "sh"/,
  );
});
