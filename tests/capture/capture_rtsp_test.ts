import assert from "node:assert/strict";
import { openCapture } from "../../src/capture/capture.ts";
import { CaptureError } from "../../src/capture/capture_error.ts";
import { planOf, record, samplesOf } from "./media.ts";
import { RtspCamera } from "./rtsp_camera.ts";

for (const transport of ["udp", "tcp"] as const) {
  Deno.test(`an RTSP camera delivers video and audio on one clock (${transport})`, async () => {
    await using camera = await RtspCamera.start({ transport });
    const { frames, chunks, capture } = await record(planOf({ uri: camera.url }), 1.5);
    assert.equal(capture.live, true);
    const spanS = (frames.at(-1)!.ptsNs - frames[0].ptsNs) / 1e9;
    assert.ok(frames.length >= 8 && frames.length <= 17, `${frames.length} frames`);
    assert.ok(Math.abs((frames.length - 1) / spanS - 10) <= 2, `${frames.length} in ${spanS} s`);
    const end = chunks.at(-1)!.ptsNs + chunks.at(-1)!.samples.length * 62_500;
    const heardS = (end - chunks[0].ptsNs) / 1e9;
    assert.ok(Math.abs(samplesOf(chunks).length / 16000 - heardS) < 0.1);
    assert.ok(samplesOf(chunks).some((sample) => Math.abs(sample) > 0.1));
    const { sourceWidth, sourceHeight } = capture.geometry!;
    assert.deepEqual([sourceWidth, sourceHeight], [320, 180]);
    const ageS = Number(BigInt(Date.now()) * 1_000_000n - capture.epochZeroNs) / 1e9;
    assert.ok(ageS >= frames.at(-1)!.ptsNs / 1e9);
  });
}

Deno.test("an RTSP camera without audio can be combined with another audio source", async () => {
  await using camera = await RtspCamera.start({ sound: false });
  const plan = planOf({ video: camera.url, audio: "test://ticks" });
  const { frames, chunks } = await record(plan, 0.5);
  assert.ok(frames.length > 0 && chunks.length > 0);
});

Deno.test("an RTSP camera that disappears is an error, not the end of the stream", async () => {
  const camera = await RtspCamera.start();
  await using capture = await openCapture(planOf({ uri: camera.url }));
  const gone = (error: unknown) =>
    error instanceof CaptureError && /^Cannot capture from rtsp:\/\/127/.test(error.message);
  const audio = assert.rejects(async () => {
    for await (const _ of capture.audio());
  }, gone);
  await assert.rejects(async () => {
    let frames = 0;
    for await (const _ of capture.frames()) {
      if (++frames === 3) await camera[Symbol.asyncDispose]();
    }
  }, gone);
  await audio;
});

Deno.test("a missing RTSP path and an unreachable camera give different errors", async () => {
  await using camera = await RtspCamera.start();
  const failure = async (uri: string) => {
    try {
      await record(planOf({ uri }), 1);
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(
    await failure(camera.url.replace("//", "//me:geheim@").replace("/cam", "/nix")) ?? "",
    /^Cannot capture from rtsp:\/\/me:\*\*\*@127\.0\.0\.1:\d+\/nix: Not found/,
  );
  assert.match(await failure("rtsp://127.0.0.1:1/x") ?? "", /Could not open resource/);
});
