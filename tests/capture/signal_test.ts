import assert from "node:assert/strict";
import { openCapture } from "../../src/capture/capture.ts";
import type { CaptureNotice } from "../../src/capture/media.ts";
import { eventually } from "../support/eventually.ts";
import { planOf } from "./media.ts";

/** Moving pictures and a tone, `n` seconds of them. */
const MOVING = (n: number) => `videotestsrc pattern=ball num-buffers=${n * 10}`;
const TONE = (n: number) => `audiotestsrc volume=0.1 samplesperbuffer=1600 num-buffers=${n * 10}`;
const sound = (wave: string, n = 8) =>
  `audiotestsrc wave=${wave} samplesperbuffer=1600 num-buffers=${n * 10}`;

/** Reads a graph to its end, faster than real time. */
async function judge(video: string, audio: string) {
  const graph = `${video} ! video/x-raw,width=64,height=64,framerate=10/1 ! appsink name=video  ` +
    `${audio} ! audio/x-raw,rate=16000,channels=1 ! appsink name=audio`;
  const notices: CaptureNotice[] = [];
  await using capture = await openCapture(planOf({ graph, pace: "fast" }));
  capture.onNotice = (notice) => notices.push(notice);
  await eventually("the graph ends", () => {
    const { ended } = capture.take();
    return ended.frames && ended.audio;
  });
  return { notices, level: capture.level! };
}

for (
  const [what, audio, fault] of [
    ["digital silence", sound("silence"), "digital_silence"],
    ["a square wave at full scale", sound("square volume=1"), "clipping"],
    ["a tone far beyond full scale", `${sound("sine")} ! audioamplify amplification=8`, "clipping"],
  ] as const
) {
  Deno.test(`a microphone that delivers ${what} is reported`, async () => {
    const { notices } = await judge(MOVING(8), audio);
    assert.deepEqual(notices, [{ kind: "useless", stream: "audio", fault }]);
  });
}

Deno.test("a microphone that delivers a constant value is reported", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, new Uint8Array(new Float32Array(128_000).fill(0.25).buffer));
    const constant = `filesrc location=${file} ! rawaudioparse format=pcm pcm-format=f32le ` +
      "sample-rate=16000 num-channels=1";
    const { notices, level } = await judge(MOVING(8), constant);
    assert.deepEqual(notices, [{ kind: "useless", stream: "audio", fault: "constant" }]);
    assert.ok(Math.abs(level - 20 * Math.log10(0.25)) < 0.1, `${level}`);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a microphone that is plugged in is reported, too", async () => {
  const later = `${sound("silence")} ! c.  ${TONE(4)} ! c.  concat name=c`;
  const { notices } = await judge(MOVING(12), later);
  assert.deepEqual(notices, [
    { kind: "useless", stream: "audio", fault: "digital_silence" },
    { kind: "useful", stream: "audio" },
  ]);
});

Deno.test("a quiet room and a moving picture are in order", async () => {
  const { notices, level } = await judge(MOVING(40), sound("white-noise volume=0.0003", 40));
  assert.deepEqual(notices, []);
  assert.ok(level > -85 && level < -65, `${level}`);
});

for (const [pattern, fault] of [["black", "black"], ["smpte75", "frozen"]] as const) {
  Deno.test(`a ${fault} picture is reported`, async () => {
    const video = `videotestsrc pattern=${pattern} num-buffers=400`;
    const { notices } = await judge(video, TONE(40));
    assert.deepEqual(notices, [{ kind: "useless", stream: "video", fault }]);
  });
}

Deno.test("recordings and test patterns may be silent and still", async () => {
  const plan = planOf({ video: "test://smpte", audio: "test://silence", pace: "fast" });
  await using capture = await openCapture(plan);
  capture.onNotice = (notice) => assert.fail(JSON.stringify(notice));
  await eventually("40 s have passed", () => (capture.take().frames.at(-1)?.ptsNs ?? 0) > 40e9);
  assert.equal(capture.level, -200);
});
