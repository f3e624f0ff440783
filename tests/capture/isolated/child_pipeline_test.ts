import assert from "node:assert/strict";
import { GstCapture } from "../../../src/capture/gst_capture.ts";
import { ChildPipeline } from "../../../src/capture/isolated/child_pipeline.ts";
import { planOf } from "../media.ts";
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

Deno.test("a process that inherited the pipe does not keep the capture from closing", async () => {
  const pidFile = await Deno.makeTempFile();
  const pipeline = pipelineOf(`sleep 100 & echo $! > ${pidFile}; exit`);
  await pipeline.stop();
  const grandchild = Number(await Deno.readTextFile(pidFile));
  // It still holds the pipe.
  Deno.kill(grandchild, "SIGKILL");
  await Deno.remove(pidFile);
});
