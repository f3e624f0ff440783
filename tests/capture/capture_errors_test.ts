import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { CaptureError } from "../../src/capture/capture_error.ts";
import { eachBinding } from "./bindings.ts";
import { Clips, H264_PCM, picture, planOf, record, tone } from "./media.ts";

async function failure(source: Record<string, unknown>): Promise<CaptureError> {
  try {
    await record(planOf(source), 1);
  } catch (error) {
    assert.ok(error instanceof CaptureError, String(error));
    assert.ok(!error.message.includes("\n"), error.message);
    return error;
  }
  assert.fail("it was captured");
}

Deno.test("files without audio or video are rejected with the missing stream", async () => {
  using clips = new Clips();
  const [mute, blind] = [
    await clips.make(...picture(10, 1), ...H264_PCM, "mute.mp4"),
    await clips.make(...tone(1), "blind.wav"),
  ];
  for (const pace of ["live", "fast"]) {
    const noSound = await failure({ uri: mute, pace });
    assert.match(noSound.message, /^Cannot capture from .*mute\.mp4: it has no audio stream$/);
    assert.deepEqual(noSound.path, ["source", "uri"]);
    const noPicture = await failure({ uri: blind, pace });
    assert.match(noPicture.message, /blind\.wav: it has no video stream$/);
    const apart = await failure({ video: mute, audio: mute, pace });
    assert.match(apart.message, /mute\.mp4: it has no audio stream$/);
    const other = await failure({ video: "test://ball", audio: mute, pace });
    assert.match(other.message, /mute\.mp4: it has no audio stream$/);
    assert.deepEqual(other.path, ["source", "audio"]);
  }
});

Deno.test("files that are not media are rejected", async (t) => {
  using clips = new Clips();
  Deno.writeTextFileSync(clips.path("text.mkv"), "hello");
  Deno.writeTextFileSync(clips.path("empty.mp4"), "");
  await eachBinding(t, async (via) => {
    const text = await failure({ uri: clips.path("text.mkv"), ...via });
    assert.match(text.message, /text\.mkv: Could not determine type of stream \(typefind\)$/);
    const empty = await failure({ uri: clips.path("empty.mp4"), ...via });
    assert.match(empty.message, /empty\.mp4: .*no data \(typefind\)$/);
  });
});

Deno.test("a truncated clip delivers what it contains", async () => {
  using clips = new Clips();
  const whole = await clips.make(...picture(10, 4), ...tone(4), ...H264_PCM, "whole.mkv");
  const bytes = Deno.readFileSync(whole);
  Deno.writeFileSync(clips.path("half.mkv"), bytes.subarray(0, bytes.length / 2));
  const { frames, chunks } = await record(planOf({ uri: clips.path("half.mkv"), pace: "fast" }));
  assert.ok(frames.length > 5 && frames.length < 40 && chunks.length > 0);
});

Deno.test("missing devices, hosts and elements are errors with the path of their key", async (t) => {
  const cases: [Record<string, unknown>, RegExp, string[]][] = [
    [
      { video: "v4l2:///dev/video99", audio: "silence://" },
      /^Cannot capture from v4l2:\/\/\/dev\/video99: .*\(video_source\)$/,
      ["source", "video"],
    ],
    [
      { uri: "http://127.0.0.1:1/clip.mp4" },
      /^Cannot capture from http:\/\/127\.0\.0\.1:1\/clip\.mp4: .*\(source\)$/,
      ["source", "uri"],
    ],
    [
      { graph: "nixsrc ! appsink name=video audiotestsrc ! appsink name=audio" },
      /^Cannot capture: GStreamer has no element nixsrc$/,
      ["source"],
    ],
    [
      { graph: "videotestsrc nix=1 ! appsink name=video audiotestsrc ! appsink name=audio" },
      /^Cannot build the capture: no property "nix" in element "videotestsrc"$/,
      ["source", "graph"],
    ],
    [
      { graph: "videotestsrc ! appsink name=audio audiotestsrc ! appsink name=video" },
      /^Cannot build the capture: could not link/,
      ["source", "graph"],
    ],
  ];
  await eachBinding(t, async (via) => {
    for (const [source, message, path] of cases) {
      const error = await failure({ ...source, ...via });
      assert.match(error.message, message);
      assert.deepEqual(error.path, path);
    }
  });
});

/** What capturing `file` says where the named GStreamer features are missing. */
async function without(features: string[], file: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-lock",
      fileURLToPath(new URL("./say_failure.ts", import.meta.url)),
      file,
    ],
    env: { GST_PLUGIN_FEATURE_RANK: features.map((name) => `${name}:NONE`).join() },
  }).output();
  return new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
}

Deno.test("the error for a missing plugin names its package", async () => {
  using clips = new Clips();
  const args = [...H264_PCM.slice(0, 6), "-c:a", "aac", "a.mkv"];
  const file = await clips.make(...picture(10, 1), ...tone(1), ...args);
  const codecs = (codec: string) =>
    ["avdec_", "openh264dec", "va", "v4l2sl", "vulkan", "nv", "msdk", "qsv", "d3d11"]
      .map((name) =>
        name.endsWith("dec") ? name : `${name}${codec}${name === "avdec_" ? "" : "dec"}`
      );
  assert.match(
    await without(codecs("h264"), file),
    /GStreamer has no H\.264 .*decoder; install it with: apt-get install gstreamer1\.0-libav$/m,
  );
  assert.match(
    await without(["avdec_aac", "avdec_aac_fixed", "faad", "fdkaacdec"], file),
    /GStreamer has no MPEG-4 AAC decoder; install it with: apt-get install gstreamer1\.0-libav$/m,
  );
  assert.match(
    await without(["matroskademux", "avdemux_matroska,webm"], file),
    /has no Matroska demuxer; install it with: apt-get install gstreamer1\.0-plugins-good$/m,
  );
});
