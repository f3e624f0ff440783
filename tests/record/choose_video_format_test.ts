import assert from "node:assert/strict";
import { inspectWithHints } from "../../src/capture/inspect_with_hints.ts";
import { launchElements } from "../../src/capture/launch_text.ts";
import { chooseVideoFormat } from "../../src/record/choose_video_format.ts";
import { encodesVideo } from "../../src/record/encodes_video.ts";
import { spawnLaunch } from "../../src/record/gst_process.ts";
import { VIDEO_ELEMENTS, VIDEO_FORMATS } from "../../src/record/video_format.ts";

/** A machine with the usual elements and these. */
const machine = (...elements: string[]) => {
  const usual = ["h264parse", "avenc_aac", "aacparse", "mp4mux", "opusenc", "webmmux"];
  const found = new Set<string>([...VIDEO_ELEMENTS, ...usual, ...elements]);
  return (names: readonly string[]) =>
    Promise.resolve(names.map((element) => ({
      element,
      found: found.has(element),
      hint: ", install it",
    })));
};
const works = () => Promise.resolve(true);
const fails = () => Promise.resolve(false);

Deno.test("each machine's hardware encodes; the launch texts", async () => {
  const videos = {
    nvv4l2h264enc: "nvvidconv ! video/x-raw(memory:NVMM),format=NV12 ! " +
      "nvv4l2h264enc bitrate=4000000 iframeinterval=50 insert-sps-pps=true ! h264parse",
    nvh264enc: "nvh264enc bitrate=4000 gop-size=50 ! h264parse",
    vah264enc: "vah264enc rate-control=cbr bitrate=4000 key-int-max=50 ! h264parse",
    v4l2h264enc: "v4l2h264enc " +
      'extra-controls="controls,video_bitrate=4000000,h264_i_frame_period=50" ! ' +
      "video/x-h264,profile=(string)high,level=(string)4 ! h264parse",
  };
  for (const [element, video] of Object.entries(videos)) {
    const format = await chooseVideoFormat(machine("nvvidconv", "x264enc", element), works);
    assert.equal(format.video, video);
    assert.equal(format.extension, "mp4");
  }
});

Deno.test("hardware that does not work is passed over", async () => {
  const tried: string[] = [];
  const format = await chooseVideoFormat(
    machine("vah264enc", "v4l2h264enc", "x264enc", "vp8enc"),
    ({ elements: [element] }) => {
      tried.push(element);
      return Promise.resolve(false);
    },
  );
  assert.deepEqual(tried, ["vah264enc", "v4l2h264enc"]);
  assert.match(format.video, /^x264enc /);
  assert.equal((await chooseVideoFormat(machine("vp8enc"), fails)).extension, "webm");
  await assert.rejects(
    chooseVideoFormat(machine(), works),
    /^RecordError: Cannot make videos: GStreamer has no encoder, install it$/,
  );
});

Deno.test("every format names the elements of its launch texts", () => {
  for (const { video, audio, mux, elements } of VIDEO_FORMATS) {
    const needed = launchElements([video, audio, mux].join(" ! ")).filter((element) =>
      !["audioconvert", "audioresample"].includes(element)
    );
    assert.deepEqual(new Set(elements), new Set(needed));
  }
});

Deno.test("GStreamer can read every launch text", async () => {
  for (const { video, audio, mux } of VIDEO_FORMATS) {
    // Hardware that is not installed would hide an error behind it.
    const readable = video.replace(/nvvidconv/, "identity")
      .replace(/(nvv4l2h264|nvh264|vah264)enc [^!]*/, "x264enc ")
      // It takes extra-controls, too.
      .replace("v4l2h264enc ", "v4l2src ");
    const process = spawnLaunch(
      `videotestsrc num-buffers=1 ! videoconvert ! ${readable} ! ${mux} name=mux ! fakesink ` +
        `audiotestsrc num-buffers=1 ! ${audio} ! mux.`,
      { stdin: "null", stdout: "null" },
    );
    const fault = await new Response(process.stderr).text();
    await process.status;
    assert.doesNotMatch(fault, /syntax error|no element/, `${video}: ${fault}`);
  }
});

Deno.test("a trial runs the encoder", async () => {
  const software = await chooseVideoFormat(inspectWithHints);
  assert.ok(await encodesVideo(software));
  assert.ok(!await encodesVideo({ video: "identity error-after=2 ! x264enc ! h264parse" }));
  assert.ok(!await encodesVideo({ video: "nosuchh264enc ! h264parse" }));
});
