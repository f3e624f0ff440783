import assert from "node:assert/strict";
import fc from "fast-check";
import { CaptureError } from "../../src/capture/capture_error.ts";
import { launchTokens, quoted, rateFraction } from "../../src/capture/launch_text.ts";
import { planCapture } from "../../src/capture/plan.ts";
import { chooseDecoding } from "../../src/capture/video_hardware.ts";
import { sourceSchema } from "../../src/capture/source_schema.ts";
import { planOf } from "./media.ts";

Deno.test("cameras and microphones get leaky, unpaced sinks", () => {
  const plan = planOf({ video: "v4l2:///dev/video0", audio: "alsa://hw:1,0", pace: "fast" });
  assert.match(
    plan.launch,
    /v4l2src name=video_source device="\/dev\/video0" ! capsfilter .* ! queue ! decodebin/,
  );
  assert.match(
    plan.launch,
    /alsasrc name=audio_source device="hw:1,0" .*latency-time=20000 provide-clock=false ! queue ! audioconvert/,
  );
  assert.match(plan.launch, /appsink name=video sync=false async=false drop=true/);
  assert.match(plan.launch, /appsink name=audio sync=false async=false drop=true/);
  assert.equal(plan.live, true);
  for (const element of ["v4l2src", "alsasrc", "decodebin", "videorate", "audioresample"]) {
    assert.ok(plan.elements.includes(element), element);
  }
  assert.match(
    planOf({ video: "test://ball", audio: "pulse://mic 1" }).launch,
    /pulsesrc name=audio_source device="mic 1" latency-time=20000 provide-clock=false ! queue !/,
  );
});

Deno.test("a Jetson's CSI camera is scaled by nvvidconv according to the fit", () => {
  const launch = (fit: string) =>
    planOf({ video: "argus://1", audio: "silence://", fit }, { width: 224, height: 224 }).launch;
  assert.match(launch("letterbox"), /nvarguscamerasrc name=video_source sensor-id=1 ! /);
  assert.match(launch("letterbox"), /nvvidconv name=picture ! .*format=BGRx,width=224,height=126/);
  assert.match(launch("crop"), /format=BGRx,width=398,height=224/);
  assert.match(launch("stretch"), /format=BGRx,width=224,height=224/);
});

Deno.test("decoded video leaves video memory through the hardware's converter", () => {
  const options = { width: 64, height: 64, sampleRate: 16000, folder: "/" };
  const planned = (source: Record<string, unknown>, elements: readonly string[]) => {
    const checked = sourceSchema.parse(source);
    const decoding = chooseDecoding(checked.decode, (element) => elements.includes(element));
    return planCapture(checked, { ...options, decoding });
  };
  const jetson = ["nvv4l2decoder", "nvjpegdec", "nvvidconv"];
  const va = ["vah264dec", "vapostproc"];
  const rtsp = { uri: "rtsp://cam/a" };
  const usb = { video: "v4l2:///dev/video0", audio: "silence://" };

  const onJetson = planned(rtsp, jetson);
  assert.match(
    onJetson.launch,
    /decodebin name=video_decoder ! nvvidconv name=video_in ! video\/x-raw,format=BGRx ! /,
  );
  assert.deepEqual(onJetson.hardware, ["nvv4l2decoder", "nvjpegdec"]);
  assert.match(
    onJetson.fallback!.launch,
    /decodebin force-sw-decoders=true name=video_decoder ! caps/,
  );
  assert.match(planned(usb, jetson).launch, /nvvidconv name=video_in/);

  assert.match(
    planned(rtsp, va).launch,
    /decodebin name=video_decoder ! vapostproc name=video_in ! /,
  );
  assert.ok(!planned(usb, va).launch.includes("vapostproc"));
  const card = ["nvh264dec", "nvjpegdec", "cudadownload"];
  assert.match(
    planned(rtsp, card).launch,
    /decodebin name=video_decoder ! cudadownload name=video_in ! video\/x-raw ! /,
  );
  assert.deepEqual(planned(usb, card).hardware, ["nvh264dec", "nvjpegdec"]);
  const graph = {
    graph: "filesrc location=a ! decodebin ! appsink name=video audiotestsrc ! appsink name=audio",
  };
  assert.match(planned(graph, va).launch, /decodebin ! capsfilter name=video_in /);
  assert.deepEqual(planned(graph, va).hardware, ["vah264dec"]);
  assert.match(planned(graph, jetson).launch, /decodebin ! nvvidconv name=video_in /);
  const pi = planned(rtsp, ["v4l2h264dec"]);
  assert.deepEqual(pi.hardware, ["v4l2h264dec"]);
  assert.match(pi.launch, /decodebin name=video_decoder ! capsfilter name=video_in/);

  const none = planned(rtsp, []);
  assert.deepEqual([none.hardware, none.fallback], [[], undefined]);
  assert.match(none.launch, /decodebin name=/);
  assert.equal(planned({ ...rtsp, decode: "hardware" }, va).fallback, undefined);
  assert.deepEqual(planned({ ...rtsp, decode: "software" }, va).hardware, []);
});

Deno.test("one URL for video and audio is opened once, two URLs are opened separately", () => {
  const count = (source: Record<string, unknown>) =>
    planOf(source).elements.length && planOf(source).launch.split("rtspsrc ").length - 1;
  assert.equal(count({ uri: "rtsp://cam/a" }), 1);
  assert.equal(count({ video: "rtsp://cam/a", audio: "rtsp://cam/a" }), 1);
  assert.equal(count({ video: "rtsp://cam/a", audio: "rtsp://cam/b" }), 2);
});

Deno.test("the launch text for display contains no secret", () => {
  const { launch, shown } = planOf({ uri: "rtsp://me:geheim@cam/a?token=abc" });
  assert.ok(launch.includes("me:geheim@cam"));
  assert.match(shown, /location="rtsp:\/\/me:\*\*\*@cam\/a\?token=\*\*\*"/);
  const sources = [
    { video: "http://cam/snapshot.cgi?u=me&p=geheim", audio: "silence://" },
    ...[
      `extra-headers="headers,Authorization=\\"Basic geheim\\""`,
      `extra-headers="headers,Authorization=(string)\\"Bearer geheim\\""`,
      `extra-headers=headers,Authorization=geheim`,
      `user-id=me user-pw=geheim`,
      `cookies=geheim`,
      `proxy=http://me:geheim@proxy`,
    ].map((secret) => ({
      graph: `souphttpsrc location=http://cam/v ${secret} ! decodebin ! appsink name=video ` +
        "audiotestsrc ! appsink name=audio",
    })),
  ];
  for (const source of sources) {
    const { shown, launch, video } = planOf(source);
    assert.ok(launch.includes("geheim"));
    assert.ok(!`${shown} ${video.label}`.includes("geheim"), shown);
  }
});

// GStreamer's `ticks` does not write the first sample of a tick: what is left in memory can be any float.
Deno.test("test waves are made of integers", () => {
  const { launch } = planOf({ video: "test://ball", audio: "test://ticks" });
  assert.match(launch, /audiotestsrc [^!]*wave=ticks[^!]*! audio\/x-raw,format=S16LE,/);
});

Deno.test("a graph must have the appsinks video and audio, once each", () => {
  const faults: [string, RegExp][] = [
    ["videotestsrc ! appsink name=video", /must end in "appsink name=audio" once, got none/],
    ["a ! appsink name=video b ! appsink name=video", /one appsink named video, got two/],
    ["a ! appsink b ! appsink name=audio", /must be named video or audio, got one without a name/],
    ["a ! appsink name=left", /must be named video or audio, got left/],
  ];
  for (const [graph, message] of faults) {
    assert.throws(() => planOf({ graph }), (error) => {
      assert.ok(error instanceof CaptureError);
      assert.match(error.message, message);
      assert.deepEqual(error.path, ["source", "graph"]);
      return true;
    });
  }
  const { launch } = planOf({
    graph:
      `filesrc location="a appsink b" ! appsink sync=false name="audio" x. ! appsink name=video`,
  });
  assert.match(launch, /^filesrc location="a appsink b" ! audioconvert name=audio_in .* x\. ! /);
});

Deno.test("any text survives quoting", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const [token, ...rest] = launchTokens(quoted(text));
    assert.equal(rest.length, 0);
    assert.equal(token.slice(1, -1).replace(/\\([\\"])/g, "$1"), text);
  }));
});

Deno.test("frame rates become fractions", () => {
  const rates = [10, 12.5, 0.5, 29.97, 60].map(rateFraction);
  assert.deepEqual(rates, ["10/1", "25/2", "1/2", "2997/100", "60/1"]);
});
