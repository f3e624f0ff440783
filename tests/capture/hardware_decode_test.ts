import assert from "node:assert/strict";
import { openCapture } from "../../src/capture/capture.ts";
import type { CaptureNotice } from "../../src/capture/media.ts";
import { isSwitchedOff } from "../../src/capture/decoder_ranks.ts";
import { findDecoding } from "../../src/capture/find_decoding.ts";
import { planCapture } from "../../src/capture/plan.ts";
import { sourceSchema } from "../../src/capture/source_schema.ts";
import type { DecodeMode } from "../../src/capture/video_hardware.ts";
import { Clips, picture, record, tone } from "./media.ts";
import { StubDecoder } from "./stub_decoder.ts";

const VP8 = "-c:v libvpx -deadline realtime -cpu-used 8 -c:a pcm_s16le".split(" ");

Deno.test("hardware decoding", async (t) => {
  using clips = new Clips();
  const file = async (name: string, seconds: number) =>
    await clips.make(...picture(10, seconds), ...tone(seconds), ...VP8, name);
  const planFor = async (uri: string, decode: DecodeMode) => {
    const source = sourceSchema.parse({ uri, pace: "fast", decode });
    const decoding = await findDecoding(decode);
    return planCapture(source, { width: 64, height: 64, sampleRate: 16000, folder: "/", decoding });
  };
  const clip = await file("whole.mkv", 2);
  const expected = (await record(await planFor(clip, "software"))).frames;
  assert.equal(expected.length, 20);

  await t.step("hardware that is demanded and missing is an error", async () => {
    await assert.rejects(planFor(clip, "hardware"), {
      name: "CaptureError",
      message:
        /^Cannot decode in hardware: no known hardware decoder is installed \(set source\.decode: auto to decode in software\)$/,
      permanent: true,
    });
    assert.deepEqual((await planFor(clip, "auto")).hardware, []);
  });

  await t.step("a converter that refuses the pictures is replaced by software", async () => {
    const source = sourceSchema.parse({ uri: clip, pace: "fast" });
    // Takes only JPEG.
    const hardware = {
      name: "Refusing",
      decoders: ["vavp9dec"],
      converter: "jpegdec",
      jpeg: false,
    };
    const plan = planCapture(source, {
      ...{ width: 64, height: 64, sampleRate: 16000, folder: "/" },
      decoding: { hardware, software: false, reason: "" },
    });
    await using capture = await openCapture(plan);
    const notices: CaptureNotice[] = [];
    capture.onNotice = (notice) => notices.push(notice);
    assert.equal((await Array.fromAsync(take(capture, "frames"))).length, 20);
    await Array.fromAsync(take(capture, "audio"));
    assert.match(
      (notices[0] as { message: string }).message,
      /^jpegdec failed \(Cannot capture from .*\); video is decoded in software$/,
    );
  });

  const stub = await StubDecoder.register(clips.path("stub.so"), {
    decoder: "vavp8dec",
    converter: "vapostproc",
    type: "Codec/Decoder/Video/Hardware",
  });

  await t.step("a hardware decoder that is installed is used, with its converter", async () => {
    assert.equal((await findDecoding("auto")).reason, "VA-API: vavp8dec, vapostproc");
    for (const mode of ["auto", "hardware"] as const) {
      const plan = await planFor(clip, mode);
      assert.match(plan.launch, /vapostproc name=video_in ! video\/x-raw ! /);
      assert.ok(plan.elements.includes("vapostproc"));
      // Proves that it decodes: it ends the run.
      stub.failAfter(1 << 30, { message: false });
      assert.equal((await record(plan)).frames.length, 20);
    }
  });

  await t.step("one that fails at the start is replaced by software, with a warning", async () => {
    stub.failAfter(0, { message: false });
    const plan = await planFor(clip, "auto");
    for (let opened = 0; opened < 2; opened++) {
      await using capture = await openCapture(plan);
      const notices: CaptureNotice[] = [];
      capture.onNotice = (notice) => notices.push(notice);
      const frames = await Array.fromAsync(take(capture, "frames"));
      await Array.fromAsync(take(capture, "audio"));
      assert.equal(frames.length, 20);
      assert.equal(notices[0]?.kind, "warning");
      assert.match(
        (notices[0] as { message: string }).message,
        /^vavp8dec failed \(Cannot capture from .*\); video is decoded in software$/,
      );
    }
  });

  await t.step("with decode: hardware its failure is an error", async () => {
    stub.failAfter(0, { message: true });
    await assert.rejects(openCapture(await planFor(clip, "hardware")), {
      name: "CaptureError",
      message: /^Cannot capture from .*whole\.mkv: no more sessions \(vavp8dec\d+\)$/,
    });
  });

  await t.step("one that fails later is replaced when the source is opened again", async () => {
    const later = await file("later.mkv", 3);
    const plan = await planFor(later, "auto");
    stub.failAfter(15, { message: true });
    await assert.rejects(record(plan), /no more sessions \(vavp8dec\d+\)$/);
    assert.equal((await record(plan)).frames.length, 30);
  });

  await t.step("decode: software never uses it", async () => {
    stub.failAfter(0, { message: true });
    const plan = await planFor(clip, "software");
    assert.match(plan.launch, /decodebin force-sw-decoders=true name=/);
    assert.ok(!plan.launch.includes("vapostproc"));
    assert.equal((await record(plan)).frames.length, 20);
    assert.ok((await findDecoding("auto")).hardware);
  });

  await t.step("software switches off hardware that GStreamer does not know as such", async () => {
    const jetson = await StubDecoder.register(clips.path("jetson.so"), {
      decoder: "nvv4l2decoder",
      converter: "nvvidconv",
      type: "Codec/Decoder/Video",
    });
    assert.equal((await findDecoding("auto")).reason, "Jetson: nvv4l2decoder, nvvidconv");
    jetson.failAfter(0, { message: true });
    const plan = await planFor(await file("jetson.mkv", 2), "auto");
    assert.match(plan.launch, /nvvidconv name=video_in ! video\/x-raw,format=BGRx/);
    const capture = await openCapture(plan);
    assert.equal((await findDecoding("auto")).reason, "VA-API: vavp8dec, vapostproc");
    // A process of its own is not affected.
    assert.match((await findDecoding("hardware", () => false)).reason, /^Jetson/);
    await assert.rejects(
      findDecoding("hardware", (element) => element.startsWith("va") || isSwitchedOff(element)),
      {
        message:
          "Cannot decode in hardware: nvv4l2decoder is switched off, because another source of this process decodes in " +
          "software (set source.isolate)",
        permanent: false,
      },
    );
    const frames = await Array.fromAsync(take(capture, "frames"));
    await Array.fromAsync(take(capture, "audio"));
    assert.equal(frames.length, 20);
    await capture[Symbol.asyncDispose]();
    assert.equal((await findDecoding("auto")).reason, "Jetson: nvv4l2decoder, nvvidconv");
    // Proves that it decodes again.
    jetson.failAfter(0, { message: true });
    await assert.rejects(
      openCapture(await planFor(await file("again.mkv", 2), "hardware")),
      /no more sessions \(nvv4l2decoder\d+\)$/,
    );
    jetson.failAfter(1 << 30, { message: false });
  });

  await t.step("the decoders of a graphics card are used with their own converter", async () => {
    const card = await StubDecoder.register(clips.path("card.so"), {
      decoder: "nvvp8dec",
      converter: "cudadownload",
      type: "Codec/Decoder/Video/Hardware",
    });
    const noJetson = (element: string) => element === "nvv4l2decoder";
    const decoding = await findDecoding("auto", noJetson);
    assert.equal(decoding.reason, "NVIDIA: nvvp8dec, cudadownload");
    const uri = await file("card.mkv", 2);
    const plan = planCapture(sourceSchema.parse({ uri, pace: "fast" }), {
      ...{ width: 64, height: 64, sampleRate: 16000, folder: "/" },
      decoding,
    });
    assert.match(plan.launch, /cudadownload name=video_in ! video\/x-raw ! /);
    card.failAfter(1 << 30, { message: false });
    assert.equal((await record(plan)).frames.length, 20);
  });
});

async function* take(capture: Awaited<ReturnType<typeof openCapture>>, stream: "frames" | "audio") {
  yield* stream === "frames" ? capture.frames() : capture.audio();
}
