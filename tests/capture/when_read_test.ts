import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { openCapture } from "../../src/capture/capture.ts";
import type { Frame } from "../../src/capture/media.ts";
import { Clips, H264_PCM, picture, planOf, record, tone } from "./media.ts";

const hashOf = ({ data }: Frame) => createHash("sha256").update(data).digest("hex");

/** Hashes of frames by their time, ms. */
function byTime(frames: readonly Frame[]): Map<number, string> {
  return new Map(frames.map((frame) => [Math.round(frame.ptsNs / 1e6), hashOf(frame)]));
}

function makeClip(clips: Clips): Promise<string> {
  return clips.make(...picture(10, 1.5), ...tone(1.5), ...H264_PCM, "plain.mkv");
}

Deno.test("frames that are converted when they are read are those that are converted at once", async (t) => {
  using clips = new Clips();
  const uri = await makeClip(clips);
  for (const fit of ["letterbox", "crop", "stretch"]) {
    await t.step(fit, async () => {
      const source = { uri, pace: "live", fit };
      const [atOnce, whenRead] = [planOf(source), planOf(source, { releases: true })];
      assert.deepEqual([atOnce.converts, whenRead.converts], ["at once", "when read"]);
      const expected = await record(atOnce);
      // Its frames are read after the capture has been closed.
      const { frames, capture } = await record(whenRead);
      assert.deepEqual(capture.geometry, expected.capture.geometry);
      const [before, now] = [byTime(expected.frames), byTime(frames)];
      // A loaded machine may drop some.
      const common = [...now].filter(([time]) => before.has(time));
      assert.ok(common.length >= 5, `${common.length} frames in common`);
      for (const [time, hash] of common) assert.equal(hash, before.get(time), `${time} ms`);
      assert.ok(new Set(now.values()).size > 3);
    });
  }
});

Deno.test("frames can be released unread between others that are read", async () => {
  using clips = new Clips();
  const uri = await makeClip(clips);
  await using capture = await openCapture(planOf({ uri, pace: "live" }, { releases: true }));
  let read = 0;
  let number = 0;
  for await (const frame of capture.frames()) {
    if (number++ % 3 === 1) {
      assert.equal(frame.data.length, 64 * 64 * 3);
      assert.equal(frame.data, frame.data);
      read++;
    }
    frame.release!();
  }
  assert.ok(read >= 1);
});

Deno.test("pictures larger than 1.5 MB are converted at once", async () => {
  using clips = new Clips();
  const size = "1280x1024";
  const file = await clips.make(...picture(10, 1, size), ...tone(1), ...H264_PCM, "large.mkv");
  const source = { uri: file, pace: "live" };
  const expected = byTime((await record(planOf(source))).frames);
  const found = byTime((await record(planOf(source, { releases: true }))).frames);
  const common = [...found].filter(([time]) => expected.has(time));
  assert.ok(common.length >= 2, `${common.length} frames in common`);
  for (const [time, hash] of common) assert.equal(hash, expected.get(time));
});

Deno.test("only pictures that GStreamer decodes in software wait for their reader", () => {
  const of = (source: Record<string, unknown>) => planOf(source, { releases: true }).converts;
  assert.equal(of({ uri: "rtsp://camera/1" }), "when read");
  const whole = [
    { video: "test://ball", audio: "test://sine" },
    { video: "v4l2:///dev/null", audio: "silence://" },
    { uri: "rtsp://camera/1", isolate: true },
    { graph: "videotestsrc ! appsink name=video audiotestsrc ! appsink name=audio" },
  ];
  for (const source of whole) assert.equal(of(source), "at once", JSON.stringify(source));
});
