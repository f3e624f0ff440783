import assert from "node:assert/strict";
import { CaptureError } from "../../src/capture/capture_error.ts";
import { parseSourceUrl } from "../../src/capture/source_url.ts";
import { Clips } from "./media.ts";

Deno.test("each kind of source is told from its text", () => {
  const kinds: [string, "uri" | "video" | "audio", unknown][] = [
    ["rtsp://cam:8554/a", "uri", { kind: "rtsp", url: "rtsp://cam:8554/a" }],
    ["rtspt://cam/a", "audio", { kind: "rtsp", url: "rtspt://cam/a" }],
    ["http://h/clip.mp4?x=1", "uri", { kind: "http", url: "http://h/clip.mp4?x=1", live: false }],
    ["https://h/mjpg/video", "video", { kind: "http", url: "https://h/mjpg/video", live: true }],
    ["v4l2:///dev/video2", "video", { kind: "v4l2", device: "/dev/video2" }],
    ["argus://1", "video", { kind: "argus", sensor: 1 }],
    ["alsa://hw:1,0", "audio", { kind: "alsa", device: "hw:1,0" }],
    ["alsa://", "audio", { kind: "alsa", device: "default" }],
    ["pulse://", "audio", { kind: "pulse", device: "" }],
    ["pulse://alsa_input.usb", "audio", { kind: "pulse", device: "alsa_input.usb" }],
    ["test://ball", "video", { kind: "pattern", pattern: "ball" }],
    ["test://ticks", "audio", { kind: "wave", wave: "ticks" }],
    ["silence://", "audio", { kind: "wave", wave: "silence" }],
  ];
  for (const [text, key, wanted] of kinds) {
    assert.deepEqual(parseSourceUrl(text, key, "/nowhere"), wanted, text);
  }
});

Deno.test("files are looked for in the pipeline file's folder, whatever their names", () => {
  using clips = new Clips();
  const name = `odd "name" ! ä=1.mkv`;
  const file = clips.path(name);
  Deno.writeTextFileSync(file, "");
  for (const text of [name, file, `file:${name}`, `file://${encodeURI(file)}`]) {
    assert.deepEqual(parseSourceUrl(text, "uri", clips.folder), { kind: "file", file }, text);
  }
});

Deno.test("a text that names no source is refused in one line that says what may stand there", () => {
  const wrong: [string, "uri" | "video" | "audio", RegExp][] = [
    ["nix.mkv", "uri", /Cannot open \/nowhere\/nix.mkv: no such file/],
    ["/", "uri", /Cannot open \/: it is a folder/],
    ["v4l2:///dev/video0", "uri", /must be a file path, file:, rtsp:, http: or https:, got v4l2:/],
    ["alsa://hw:0", "video", /must be .*test:\/\/PATTERN, got alsa/],
    ["silence://", "video", /must be .*test:\/\/PATTERN, got silence/],
    ["test://sine", "video", /must be test:\/\/ and one of smpte, .*got test:\/\/sine/],
    ["test://", "audio", /must be test:\/\/ and one of sine, /],
    ["argus://left", "video", /argus:\/\/N, N a sensor number/],
    ["v4l2:0", "video", /v4l2:\/\/\/dev\/videoN, got v4l2:0/],
    ["rtsp://", "uri", /rtsp:\/\/HOST/],
    ["ftp://host/x", "uri", /must be a file path/],
    ["file://host/x", "uri", /must be a path/],
    ["rtsp://u:geheim@[bad/x", "uri", /got rtsp:\/\/u:\*\*\*@\[bad/],
  ];
  for (const [text, key, message] of wrong) {
    assert.throws(() => parseSourceUrl(text, key, "/nowhere"), (error) => {
      assert.ok(error instanceof CaptureError);
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n"));
      assert.deepEqual(error.path, ["source", key]);
      return true;
    }, text);
  }
});
