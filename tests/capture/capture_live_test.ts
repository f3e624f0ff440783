import assert from "node:assert/strict";
import { openCapture } from "../../src/capture/capture.ts";
import type { CaptureNotice } from "../../src/capture/media.ts";
import { eventually } from "../support/eventually.ts";
import { eachBinding } from "./bindings.ts";
import { Clips, H264_PCM, picture, planOf, tone } from "./media.ts";

const TEST = { video: "test://ball", audio: "test://ticks" };

Deno.test("unread data is dropped, oldest first, and counted", async (t) => {
  const graph = "videotestsrc num-buffers=60 is-live=true ! video/x-raw,framerate=30/1 ! " +
    "appsink name=video audiotestsrc num-buffers=300 is-live=true samplesperbuffer=160 ! " +
    "audio/x-raw,rate=16000 ! appsink name=audio";
  await eachBinding(t, async (via) => {
    await using capture = await openCapture(planOf({ graph, frame_rate: 60, ...via }));
    await eventually("52 of 60 frames and 44 of 300 buffers are dropped", () => {
      const { droppedFrames, droppedAudioBuffers } = capture.stats();
      return droppedFrames >= 52 && droppedAudioBuffers >= 44;
    });
    const times: number[] = [];
    for await (const frame of capture.frames()) times.push(Math.round(frame.ptsNs * 30 / 1e9));
    let chunks = 0;
    for await (const _ of capture.audio()) chunks++;
    assert.equal(times.length, 8);
    assert.ok(times.at(-1)! - times[0] === 7 && times[0] >= 50, times.join());
    assert.equal(chunks, 256);
    const { frames, droppedFrames, droppedAudioBuffers } = capture.stats();
    assert.deepEqual([frames, droppedFrames, droppedAudioBuffers], [8, 52, 44]);
  });
});

Deno.test("a stream without data is reported as starved, silence is not", async () => {
  const graph = "videotestsrc is-live=true ! appsink name=video " +
    "audiotestsrc is-live=true ! valve drop=true ! appsink name=audio";
  await using dead = await openCapture(planOf({ graph }), { starvedAfterMs: 300 });
  const notices: CaptureNotice[] = [];
  dead.onNotice = (notice) => notices.push(notice);
  await eventually("a notice", () => notices.length > 0);
  const [notice] = notices;
  assert.equal(notice.kind, "starved");
  assert.ok(notice.kind === "starved" && notice.stream === "audio" && notice.seconds >= 0.3);

  const plan = planOf({ video: "test://ball", audio: "silence://" });
  await using quiet = await openCapture(plan, { starvedAfterMs: 300 });
  quiet.onNotice = (notice) => assert.fail(JSON.stringify(notice));
  let samples = 0;
  for await (const chunk of quiet.audio()) {
    samples += chunk.samples.length;
    if (chunk.ptsNs > 1e9) break;
  }
  assert.ok(samples >= 16_000);
});

Deno.test("a stream that resumes is reported once", async (t) => {
  using clips = new Clips();
  const file = await clips.make(
    ...picture(10, 2.2),
    ...tone(2.2),
    ..."-vf select='not(between(t,0.25,1.75))' -vsync vfr".split(" "),
    ...H264_PCM,
    "gap.mkv",
  );
  await eachBinding(t, async (via) => {
    await using capture = await openCapture(planOf({ uri: file, ...via }), { starvedAfterMs: 500 });
    const notices: string[] = [];
    capture.onNotice = (notice) =>
      notices.push("stream" in notice ? `${notice.kind} ${notice.stream}` : notice.message);
    await Promise.all([capture.frames(), capture.audio()].map(async (stream) => {
      for await (const _ of stream);
    }));
    assert.deepEqual(notices, ["starved video", "flowing video"]);
  });
});

Deno.test("a slow reader does not make a stream starved", async (t) => {
  using clips = new Clips();
  const file = await clips.make(...picture(10, 5), ...tone(5), ...H264_PCM, "a.mkv");
  await eachBinding(t, async (via) => {
    const plan = planOf({ uri: file, pace: "fast", ...via });
    await using capture = await openCapture(plan, { starvedAfterMs: 200 });
    const notices: CaptureNotice[] = [];
    capture.onNotice = (notice) => notices.push(notice);
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.deepEqual(notices, []);
  });
});

Deno.test("an abort ends the streams and releases everything", async () => {
  const ending = new AbortController();
  const capture = await openCapture(planOf(TEST), { signal: ending.signal });
  let frames = 0;
  const reading = Promise.all([
    (async () => {
      for await (const _ of capture.frames()) if (++frames === 2) ending.abort();
    })(),
    (async () => {
      for await (const _ of capture.audio());
    })(),
  ]);
  await reading;
  await capture[Symbol.asyncDispose]();
  assert.equal(frames, 2);
  assert.equal(capture.stats().frames, 2);
});

Deno.test("an abort before or during opening rejects", async () => {
  await assert.rejects(openCapture(planOf(TEST), { signal: AbortSignal.abort() }), /abort/i);
  const ending = new AbortController();
  const graph =
    "videotestsrc ! appsink name=video audiotestsrc ! valve drop=true ! appsink name=audio";
  const opening = openCapture(planOf({ graph, pace: "fast" }), { signal: ending.signal });
  setTimeout(() => ending.abort(), 150);
  await assert.rejects(opening, /abort/i);
});

Deno.test("opening fails at the deadline if one stream never starts", async (t) => {
  const graph =
    "videotestsrc ! appsink name=video audiotestsrc ! valve drop=true ! appsink name=audio";
  await eachBinding(t, async (via) => {
    await assert.rejects(
      openCapture(planOf({ graph, pace: "fast", ...via }), { openTimeoutMs: 300 }),
      /^CaptureError: Cannot capture from source\.graph: no video and audio arrived within 0\.3 s$/,
    );
  });
});

Deno.test("camera pictures come only while they are encoded, with the times of frames", async (t) => {
  await eachBinding(t, async (via) => {
    const plan = planOf({ ...TEST, ...via }, { jpeg: "jpegenc" });
    await using capture = await openCapture(plan);
    const frames = new Set<number>();
    const look = () => capture.take().frames.forEach(({ ptsNs }) => frames.add(ptsNs));
    await eventually("frames without pictures", () => {
      look();
      return frames.size > 3;
    });
    assert.deepEqual(capture.pictures!.take(), []);
    capture.pictures!.encode(true);
    const times: number[] = [];
    await eventually("two pictures", () => {
      look();
      for (const { ptsNs, jpeg } of capture.pictures!.take()) {
        assert.deepEqual([...jpeg.subarray(0, 2)], [0xff, 0xd8]);
        times.push(ptsNs);
      }
      return times.length > 1;
    });
    await eventually("the frame of the first picture", () => {
      look();
      return frames.has(times[0]);
    });
  });
});

Deno.test("an HTTP camera that sends a sequence of JPEGs is captured", async () => {
  using clips = new Clips();
  await clips.make(...picture(1, 1), ..."-frames:v 1 one.jpg".split(" "));
  const jpeg = Deno.readFileSync(clips.path("one.jpg"));
  const head = new TextEncoder().encode(
    `--part\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`,
  );
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    let timer: ReturnType<typeof setInterval>;
    const body = new ReadableStream({
      start(controller) {
        timer = setInterval(() => {
          for (const part of [head, jpeg, new Uint8Array([13, 10])]) controller.enqueue(part);
        }, 50);
      },
      cancel: () => clearInterval(timer),
    });
    const type = "multipart/x-mixed-replace; boundary=part";
    return new Response(body, { headers: { "content-type": type } });
  });
  const video = `http://127.0.0.1:${server.addr.port}/video`;
  await using capture = await openCapture(planOf({ video, audio: "silence://" }));
  const times: number[] = [];
  for await (const frame of capture.frames()) {
    times.push(frame.ptsNs);
    if (times.length === 5) break;
  }
  const spanS = (times[4] - times[0]) / 1e9;
  assert.ok(spanS > 0.2 && spanS < 2, `${spanS}`);
});
