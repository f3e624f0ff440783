import assert from "node:assert/strict";
import { sourceSchema } from "../../src/capture/source_schema.ts";
import { tryCapture } from "../../src/capture/try_capture.ts";
import { probeSource } from "../../src/capture/probe_source.ts";
import { Clips, H264_PCM, picture, planOf, tone } from "./media.ts";
import { RtspCamera } from "./rtsp_camera.ts";

/** What `doctor` says about a source as a whole. */
async function verdict(source: Record<string, unknown>): Promise<string> {
  const findings = await probeSource(sourceSchema.parse(source), "/");
  const { name, status, needed, detail } = findings.at(-1)!;
  assert.equal(name, "video and audio");
  assert.ok(needed);
  return `${status}: ${detail}`;
}

Deno.test("doctor opens a clip and reports its streams or what is missing", async () => {
  using clips = new Clips();
  const whole = await clips.make(...picture(10, 2), ...tone(2), ...H264_PCM, "whole.mkv");
  const mute = await clips.make(...picture(10, 1), ...H264_PCM, "mute.mp4");
  const blind = await clips.make(...tone(1), "blind.wav");
  Deno.writeTextFileSync(clips.path("text.mkv"), "no media");
  for (const pace of ["live", "fast"]) {
    assert.equal(await verdict({ uri: whole, pace }), "ok: video 160×90, audio");
  }
  assert.match(await verdict({ uri: mute }), /^missing: .*mute\.mp4: it has no audio stream$/);
  assert.match(await verdict({ uri: blind }), /^missing: .*blind\.wav: it has no video stream$/);
  assert.match(await verdict({ uri: clips.path("text.mkv") }), /^missing: .*type of stream/);
});

Deno.test("doctor reports a missing RTSP path", async () => {
  await using camera = await RtspCamera.start();
  assert.equal(await verdict({ uri: camera.url }), "ok: video 320×180, audio");
  assert.match(
    await verdict({ uri: camera.url.replace("/cam", "/nix") }),
    /^missing: Cannot capture from rtsp:.*\/nix: Not found/,
  );
});

Deno.test("doctor reports a source that opens but delivers no audio", async () => {
  const graph = "videotestsrc is-live=true ! appsink name=video " +
    "audiotestsrc is-live=true ! valve drop=true ! appsink name=audio";
  assert.deepEqual(await tryCapture(planOf({ graph }), 300), {
    status: "missing",
    detail: "it opens, but no audio arrives",
  });
});
