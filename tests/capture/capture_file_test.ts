import assert from "node:assert/strict";
import { openCapture } from "../../src/capture/capture.ts";
import { eachBinding } from "./bindings.ts";
import { Clips, H264_PCM, jumpsOf, picture, planOf, record, samplesOf, tone } from "./media.ts";

const seconds = (items: readonly { ptsNs: number }[]) => items.map((item) => item.ptsNs / 1e9);
const near = (a: number, b: number, within: number) =>
  assert.ok(Math.abs(a - b) <= within, `${a} is not ${b} ± ${within}`);

Deno.test("pace fast drops no frame and no sample, and alters no sample", async (t) => {
  using clips = new Clips();
  const wav = await clips.make(...tone(20), "tone.wav");
  const file = await clips.make(...picture(10, 20), "-i", "tone.wav", ...H264_PCM, "a.mkv");
  await eachBinding(t, async (via) => {
    const { frames, chunks, capture } = await record(planOf({ uri: file, pace: "fast", ...via }));
    assert.equal(frames.length, 200);
    assert.deepEqual(seconds(frames), Array.from({ length: 200 }, (_, at) => at / 10));
    assert.deepEqual(jumpsOf(chunks), []);
    const pcm = new Int16Array(Deno.readFileSync(wav).slice(-640_000).buffer);
    assert.deepEqual(samplesOf(chunks), Float32Array.from(pcm, (value) => value / 32768));
    assert.equal(capture.live, false);
    assert.deepEqual(capture.stats(), {
      frames: 200,
      samples: 320_000,
      droppedFrames: 0,
      droppedAudioBuffers: 0,
      driftSamplesAdded: 0,
      driftSamplesRemoved: 0,
    });
  });
});

Deno.test("pace fast waits for a reader that is slow on one stream", async (t) => {
  using clips = new Clips();
  const file = await clips.make(...picture(10, 10), ...tone(10), ...H264_PCM, "a.mkv");
  await eachBinding(t, async (via) => {
    await using capture = await openCapture(planOf({ uri: file, pace: "fast", ...via }));
    let frames = 0;
    let samples = 0;
    const reading = (async () => {
      for await (const _ of capture.frames()) {
        frames++;
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    })();
    for await (const chunk of capture.audio()) samples += chunk.samples.length;
    await reading;
    assert.deepEqual([frames, samples], [100, 160_000]);
  });
});

Deno.test("pace live delivers in real time", async (t) => {
  using clips = new Clips();
  const file = await clips.make(...picture(10, 1.5), ...tone(1.5), ...H264_PCM, "a.mkv");
  await eachBinding(t, async (via) => {
    const plan = planOf({ uri: file, ...via });
    await using capture = await openCapture(plan);
    const early: number[] = [];
    const nowNs = () => Number(BigInt(Date.now()) * 1_000_000n - capture.epochZeroNs);
    const [frames, samples] = await Promise.all([
      (async () => {
        const times: number[] = [];
        for await (const frame of capture.frames()) {
          times.push(frame.ptsNs);
          early.push(frame.ptsNs - nowNs());
        }
        return times;
      })(),
      (async () => {
        let count = 0;
        for await (const chunk of capture.audio()) {
          count += chunk.samples.length;
          early.push(chunk.ptsNs - nowNs());
        }
        return count;
      })(),
    ]);
    assert.equal(capture.live, true);
    assert.deepEqual([frames.length, samples], [15, 24_000]);
    // Wall time in ms, rounded down; nothing may come before its time.
    assert.ok(Math.max(...early) <= 2e6, `${Math.max(...early)}`);
  });
});

Deno.test("streams that start at different times keep their offset", async (t) => {
  using clips = new Clips();
  await clips.make(...picture(10, 3), ...H264_PCM, "v.mkv");
  await clips.make(...tone(3), "a.wav");
  const shift = async (name: string, ...inputs: string[]) =>
    await clips.make(...inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", name);
  const late = await shift("late.mkv", ..."-i v.mkv -itsoffset 1.5 -i a.wav".split(" "));
  const early = await shift("early.mkv", ..."-itsoffset 0.7 -i v.mkv -i a.wav".split(" "));
  await eachBinding(t, async (via) => {
    const sound = await record(planOf({ uri: late, pace: "fast", ...via }));
    assert.deepEqual([sound.frames[0].ptsNs, sound.chunks[0].ptsNs], [0, 1.5e9]);
    const sight = await record(planOf({ uri: early, pace: "fast", ...via }));
    assert.deepEqual([sight.frames[0].ptsNs, sight.chunks[0].ptsNs], [0.7e9, 0]);
  });
});

Deno.test("an edit list shifts a stream as players do", async () => {
  using clips = new Clips();
  await clips.make(...picture(10, 2), ...H264_PCM, "v.mkv");
  await clips.make(...tone(2), "a.wav");
  const args = "-i v.mkv -itsoffset 1 -i a.wav -map 0:v -map 1:a -c:v copy -c:a aac";
  const file = await clips.make(...args.split(" "), "edit.mp4");
  const { frames, chunks } = await record(planOf({ uri: file, pace: "fast" }));
  assert.equal(frames[0].ptsNs, 0);
  // The encoder's run-in may come first, as silence; the tone itself has its place.
  const onset = samplesOf(chunks).findIndex((sample) => Math.abs(sample) > 0.02);
  near(chunks[0].ptsNs / 1e9 + onset / 16000, 1, 0.02);
});

Deno.test("audio that starts 20 s after the video does not block the file", async () => {
  using clips = new Clips();
  await clips.make(
    ...picture(10, 24, "640x360"),
    ..."-c:v libx264 -qp 8 -preset ultrafast v.mkv".split(" "),
  );
  await clips.make(...tone(4), "a.wav");
  assert.ok(Deno.statSync(clips.path("v.mkv")).size > 4 * 2 ** 20);
  const args = "-i v.mkv -itsoffset 20 -i a.wav -map 0:v -map 1:a -c copy";
  const file = await clips.make(...args.split(" "), "late.mkv");
  const { frames, chunks } = await record(planOf({ uri: file, pace: "fast" }));
  assert.equal(frames.length, 240);
  assert.deepEqual([chunks[0].ptsNs, samplesOf(chunks).length], [20e9, 64_000]);
});

Deno.test("gaps in audio and video are jumps of the time stamps", async (t) => {
  using clips = new Clips();
  const file = await clips.make(
    ...picture(10, 4),
    ...tone(4),
    ..."-vf select='not(between(t,1.05,2.95))' -af aselect='not(between(t,1,1.99))' -vsync vfr"
      .split(" "),
    ...H264_PCM,
    "gaps.mkv",
  );
  await eachBinding(t, async (via) => {
    const { frames, chunks } = await record(planOf({ uri: file, pace: "fast", ...via }));
    const steps = seconds(frames).slice(1).map((time, at) => time - frames[at].ptsNs / 1e9);
    assert.equal(Math.max(...steps), 2);
    assert.equal(frames.length, 21);
    const [[end, next], ...more] = jumpsOf(chunks);
    assert.equal(more.length, 0);
    near(end, 1, 0.1);
    near(next, 2, 0.1);
    near(samplesOf(chunks).length / 16000, 4 - (next - end), 0.001);
  });
});

Deno.test("a variable frame rate is reduced to the requested one, never padded", async () => {
  using clips = new Clips();
  const file = await clips.make(
    ...picture(30, 4),
    ...tone(4),
    ..."-vf select='not(between(t,1.01,2.99))+not(mod(n,15))' -vsync vfr".split(" "),
    ...H264_PCM,
    "vfr.mkv",
  );
  const { frames } = await record(planOf({ uri: file, pace: "fast", frame_rate: 10 }));
  const inside = (from: number, to: number) =>
    seconds(frames).filter((time) => time >= from && time < to);
  assert.equal(inside(0, 1).length, 10);
  assert.deepEqual(inside(1.1, 2.9), [1.5, 2, 2.5]);
  assert.ok(inside(3.2, 4).length <= 14);
  for (const [at, time] of seconds(frames).entries()) {
    assert.ok(at === 0 || time - frames[at - 1].ptsNs / 1e9 > 0.049);
  }
});

Deno.test("streams whose caps have a variable rate are reduced too", async () => {
  const graph = `videotestsrc num-buffers=120 ! video/x-raw,framerate=30/1 ! capssetter ` +
    `caps="video/x-raw,framerate=(fraction)0/1" ! appsink name=video ` +
    `audiotestsrc num-buffers=10 ! appsink name=audio`;
  const { frames } = await record(planOf({ graph, pace: "fast", frame_rate: 10 }));
  assert.equal(frames.length, 40);
});

Deno.test("video and audio may come from two files, in any order of tracks", async (t) => {
  using clips = new Clips();
  const video = await clips.make(...picture(10, 1), ...H264_PCM, "v.mkv");
  const audio = await clips.make(...tone(2), "a.wav");
  await eachBinding(t, async (via) => {
    const apart = await record(planOf({ video, audio, pace: "fast", ...via }));
    assert.deepEqual([apart.frames.length, samplesOf(apart.chunks).length], [10, 32_000]);
    const swapped = await clips.make(
      ..."-i a.wav -i v.mkv -map 0 -map 1 -c copy swapped.mkv".split(" "),
    );
    const together = await record(planOf({ uri: swapped, pace: "fast", ...via }));
    assert.deepEqual([together.frames.length, samplesOf(together.chunks).length], [10, 32_000]);
  });
});

Deno.test("a generated stream ends with the recording", async (t) => {
  using clips = new Clips();
  const video = await clips.make(...picture(10, 1), ...H264_PCM, "v.mkv");
  await eachBinding(t, async (via) => {
    const { frames, chunks } = await record(planOf({ video, audio: "silence://", ...via }));
    assert.equal(frames.length, 10);
    const samples = samplesOf(chunks);
    near(samples.length / 16000, 1, 0.3);
    assert.ok(samples.every((sample) => sample === 0));
  });
});

Deno.test("a clip with a rotation tag is rotated", async (t) => {
  using clips = new Clips();
  await clips.make(
    ...picture(10, 1, "160x90"),
    ...tone(1),
    ...H264_PCM.slice(0, 6),
    ..."-c:a aac flat.mp4".split(" "),
  );
  const file = await clips.make(
    ..."-i flat.mp4 -c copy -metadata:s:v rotate=90 turned.mp4".split(" "),
  );
  await eachBinding(t, async (via) => {
    const { capture } = await record(planOf({ uri: file, pace: "fast", ...via }));
    const { sourceWidth, sourceHeight } = capture.geometry!;
    assert.deepEqual([sourceWidth, sourceHeight], [90, 160]);
  });
});

Deno.test("a clip on a web server plays like a file", async () => {
  using clips = new Clips();
  const args = [...H264_PCM.slice(0, 6), "-c:a", "aac", "clip.mp4"];
  const bytes = Deno.readFileSync(await clips.make(...picture(10, 3), ...tone(3), ...args));
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.get("range") ?? "");
    const from = Number(range?.[1] ?? 0);
    const body = bytes.slice(from, Number(range?.[2] || bytes.length - 1) + 1);
    const headers = {
      "accept-ranges": "bytes",
      "content-range": `bytes ${from}-${from + body.length - 1}/${bytes.length}`,
    };
    return new Response(body, { status: range ? 206 : 200, headers });
  });
  const uri = `http://127.0.0.1:${server.addr.port}/clip.mp4`;
  const { frames, chunks } = await record(planOf({ uri, pace: "fast" }));
  assert.equal(frames.length, 30);
  near(samplesOf(chunks).length / 16000, 3, 0.1);
});
