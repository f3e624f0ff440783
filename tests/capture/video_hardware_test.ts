import assert from "node:assert/strict";
import { chooseDecoding } from "../../src/capture/video_hardware.ts";

const choose = (mode: "auto" | "hardware" | "software", ...elements: string[]) =>
  chooseDecoding(mode, (element) => elements.includes(element));

Deno.test("the first hardware with a decoder and its converter is chosen", () => {
  const jetson = choose("auto", "nvv4l2decoder", "nvvidconv", "v4l2h264dec");
  assert.equal(jetson.reason, "Jetson: nvv4l2decoder, nvvidconv");
  assert.deepEqual(jetson.hardware?.decoders, ["nvv4l2decoder"]);
  assert.equal(
    choose("auto", "vah264dec", "vapostproc", "vaapih264dec", "vaapipostproc").hardware?.name,
    "VA-API",
  );
  const card = choose("auto", "nvh264dec", "nvjpegdec", "cudadownload", "vah264dec", "vapostproc");
  assert.equal(card.reason, "NVIDIA: nvh264dec, nvjpegdec, cudadownload");
  assert.equal(choose("hardware", "v4l2slh265dec").reason, "Video4Linux: v4l2slh265dec");
});

Deno.test("software is chosen with the reason", () => {
  assert.deepEqual(choose("auto"), {
    software: false,
    reason: "GStreamer's own choice: no known hardware decoder is installed",
  });
  assert.deepEqual(choose("auto", "nvv4l2decoder"), {
    software: true,
    reason: "software: nvv4l2decoder is installed, but nvvidconv is not",
  });
  assert.equal(
    choose("auto", "nvjpegdec").reason,
    "software: nvjpegdec is installed, but cudadownload is not",
  );
  assert.deepEqual(choose("software", "vah264dec", "vapostproc"), {
    software: true,
    reason: "software: source.decode is software",
  });
});
