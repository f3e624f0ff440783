import assert from "node:assert/strict";
import type { BusMessage } from "../../../src/capture/bus.ts";
import { openCapture } from "../../../src/capture/capture.ts";
import { GstCapture } from "../../../src/capture/gst_capture.ts";
import { ChildPipeline } from "../../../src/capture/isolated/child_pipeline.ts";
import type { CaptureNotice } from "../../../src/capture/media.ts";
import { eventually } from "../../support/eventually.ts";
import { Clips, planOf } from "../media.ts";
import { childrenOf } from "./children.ts";

const PLAN = planOf({ video: "test://ball", audio: "test://sine", isolate: true });
const LIMITS = { starvedAfterMs: 2_000, stalledAfterMs: 5_000 };

/** A pipeline whose process is a shell script; its messages go to file 3. */
function pipelineOf(script: string): ChildPipeline {
  return new ChildPipeline(PLAN, {
    command: ["sh", "-c", script],
    graceMs: 30_000,
    translate: (message) => message,
  });
}

/** A message with this payload, for `printf`: length, type, time stamp, payload. */
function message(length: string, type: string, payload: string): string {
  const zeros = "\\000".repeat(8);
  return `printf '${length}${type}${zeros}${payload}' >&3; sleep 100`;
}

const RUBBISH = {
  "no JSON": message("\\002\\000\\000\\000", "\\000\\000\\000\\000", "{]"),
  "an unknown kind of message": message("\\000\\000\\000\\000", "\\077\\000\\000\\000", ""),
  "a message of 4 GB": message("\\377\\377\\377\\377", "\\001\\000\\000\\000", ""),
  "a time that is none": message(
    "\\045\\000\\000\\000",
    "\\000\\000\\000\\000",
    '{"kind":"started","epochZeroNs":"1x"}',
  ),
};

for (const [what, script] of Object.entries(RUBBISH)) {
  Deno.test(`a capture process that sends ${what} is an error of its source alone`, async () => {
    const capture = new GstCapture(pipelineOf(script), PLAN, LIMITS);
    await assert.rejects(capture.start(10_000, undefined), {
      name: "CaptureError",
      message: "Cannot capture from test://ball: its process sent invalid data (capture process)",
      permanent: false,
    });
    await capture[Symbol.asyncDispose]();
    assert.deepEqual(childrenOf(Deno.pid), []);
  });
}

/** Writes a report to file 3. */
function sending(report: Record<string, unknown>): string {
  const text = JSON.stringify(report);
  const length = `\\${text.length.toString(8).padStart(3, "0")}`;
  return `printf '${length}${"\\000".repeat(15)}%s' '${text}' >&3`;
}

Deno.test("a crash is blamed on the hardware decoder that was in use", async () => {
  const started = sending({ kind: "started", epochZeroNs: "1", using: "vah264dec" });
  for (
    const [signal, factory] of [["ABRT", "vah264dec"], ["SEGV", "vah264dec"], ["KILL", undefined]]
  ) {
    const pipeline = pipelineOf(`${started}; kill -${signal} $$; sleep 100`);
    await pipeline.start(PLAN, { timeoutMs: 30_000, starvedAfterMs: 30_000, check() {} });
    let messages: BusMessage[] = [];
    await eventually("the crash is reported", () => (messages = pipeline.bus.take()).length > 0);
    assert.equal(messages[0].text, `killed by SIG${signal}`);
    assert.equal(messages[0].factory, factory);
    await pipeline.stop();
  }
});

Deno.test("a process that crashes while hardware opens is replaced by software", async () => {
  using clips = new Clips();
  const fifo = clips.path("pipe");
  new Deno.Command("mkfifo", { args: [fifo] }).outputSync();
  const graph = `filesrc location=${fifo} ! decodebin ! appsink name=video ` +
    "audiotestsrc is-live=true ! appsink name=audio";
  const plan = { ...planOf({ graph, isolate: true }), hardware: ["vah264dec"], fallback: PLAN };
  const opening = openCapture(plan, { openTimeoutMs: 60_000 });
  await eventually("the process has started", () => childrenOf(Deno.pid).length > 0);
  Deno.kill(childrenOf(Deno.pid)[0], "SIGABRT");
  const capture = await opening;
  const notices: CaptureNotice[] = [];
  capture.onNotice = (notice) => notices.push(notice);
  assert.deepEqual(notices, [{
    kind: "warning",
    message:
      "hardware decoding failed (Cannot capture from source.graph: killed by SIGABRT (capture process)); " +
      "video is decoded in software",
  }]);
  await capture[Symbol.asyncDispose]();
});

Deno.test("a process that inherited the pipe does not keep the capture from closing", async () => {
  const pidFile = await Deno.makeTempFile();
  const pipeline = pipelineOf(`sleep 100 & echo $! > ${pidFile}; exit`);
  await pipeline.stop();
  const grandchild = Number(await Deno.readTextFile(pidFile));
  // It still holds the pipe.
  Deno.kill(grandchild, "SIGKILL");
  await Deno.remove(pidFile);
});
