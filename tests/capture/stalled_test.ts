import assert from "node:assert/strict";
import { openCapture } from "../../src/capture/capture.ts";
import { CaptureError } from "../../src/capture/capture_error.ts";
import { StallDetector } from "../../src/capture/stall_detector.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { planOf } from "./media.ts";
import { RtspCamera } from "./rtsp_camera.ts";

Deno.test("a camera that stops sending without closing its connection is an error", async () => {
  await using camera = await RtspCamera.start({ transport: "tcp" });
  await using wire = new TcpProxy(Number(new URL(camera.url).port));
  const plan = planOf({ uri: `rtsp://127.0.0.1:${wire.port}/cam` });
  await using capture = await openCapture(plan, { starvedAfterMs: 500, stalledAfterMs: 1_000 });
  let frames = 0;
  await assert.rejects(async () => {
    for await (const _ of capture.frames()) if (++frames === 3) wire.strand();
  }, (error: Error) => {
    assert.ok(error instanceof CaptureError && !error.permanent);
    assert.match(error.message, /^Cannot capture from rtsp:\/\/127\.\S+: no data for 1 s$/);
    return true;
  });
  assert.ok(frames >= 3);
});

/** Looks every 100 ms, `count` times; whether any of them finds a stall. */
function looks(detector: StallDetector, startMs: number, count: number, starved: boolean): boolean {
  let found = false;
  for (let i = 1; i <= count; i++) found ||= detector.look(startMs + 100 * i, starved);
  return found;
}

Deno.test("a stall is a time without any data, after there was some", () => {
  const never = new StallDetector(1_000, 0);
  assert.ok(!looks(never, 0, 100, true));
  const detector = new StallDetector(1_000, 0);
  assert.ok(!looks(detector, 0, 5, false));
  assert.ok(!looks(detector, 500, 9, true));
  assert.ok(!looks(detector, 1_400, 1, false));
  assert.ok(!looks(detector, 1_500, 9, true));
  assert.ok(looks(detector, 2_400, 2, true));
});

Deno.test("a process that was stopped meanwhile does not take that for a stall", () => {
  const detector = new StallDetector(1_000, 0);
  assert.ok(!looks(detector, 0, 5, false));
  assert.ok(!detector.look(20_000, true));
  assert.ok(!looks(detector, 20_000, 5, true));
  assert.ok(!detector.look(20_600, false));
});
