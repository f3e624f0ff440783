import assert from "node:assert/strict";
import { CaptureError } from "../../src/capture/capture_error.ts";
import type { SourceKey } from "../../src/capture/source.ts";
import { readAddress, usageOf } from "../../src/capture/source_address.ts";
import { SOURCES } from "../../src/capture/sources.ts";
import { alsa } from "../../src/capture/sources/alsa.ts";
import { argus } from "../../src/capture/sources/argus.ts";
import { file } from "../../src/capture/sources/file.ts";
import { http } from "../../src/capture/sources/http.ts";
import { pulse } from "../../src/capture/sources/pulse.ts";
import { rtsp } from "../../src/capture/sources/rtsp.ts";
import { silence } from "../../src/capture/sources/silence.ts";
import { test } from "../../src/capture/sources/test.ts";
import { v4l2 } from "../../src/capture/sources/v4l2.ts";
import { Clips } from "./media.ts";

/** Descriptor and address of a value. */
function read(text: string, key: SourceKey, folder = "/nowhere") {
  const { descriptor, identity, endless } = readAddress(text, key, folder);
  return { descriptor, address: JSON.parse(identity)[1], endless };
}

Deno.test("the scheme selects the source", () => {
  const cases: [string, SourceKey, unknown, unknown, string][] = [
    ["rtsp://cam:8554/a", "uri", rtsp, { url: "rtsp://cam:8554/a" }, "device"],
    ["rtspt://cam/a", "audio", rtsp, { url: "rtspt://cam/a" }, "device"],
    ["http://h/clip.mp4?x=1", "uri", http, { url: "http://h/clip.mp4?x=1" }, "no"],
    ["https://h/mjpg/video", "video", http, { url: "https://h/mjpg/video" }, "device"],
    ["v4l2:///dev/video2", "video", v4l2, { device: "/dev/video2" }, "device"],
    ["argus://1", "video", argus, { sensor: 1 }, "device"],
    ["alsa://hw:1,0", "audio", alsa, { device: "hw:1,0" }, "device"],
    ["alsa://", "audio", alsa, { device: "default" }, "device"],
    ["pulse://", "audio", pulse, { device: "" }, "device"],
    ["pulse://alsa_input.usb", "audio", pulse, { device: "alsa_input.usb" }, "device"],
    ["test://ball", "video", test, { name: "ball" }, "generated"],
    ["test://ticks", "audio", test, { name: "ticks" }, "generated"],
    ["silence://", "audio", silence, "silence://", "generated"],
  ];
  for (const [text, key, descriptor, address, endless] of cases) {
    const found = read(text, key);
    assert.equal(found.descriptor, descriptor, text);
    assert.deepEqual(found.address, address, text);
    assert.equal(found.endless, endless, text);
  }
});

Deno.test("every example is valid for its source, and every source has help for each key", () => {
  for (const descriptor of SOURCES) {
    for (const [key, form] of Object.entries(descriptor.forms)) {
      const found = read(form.example, key as SourceKey);
      assert.equal(found.descriptor, descriptor, form.example);
      for (const usage of form.usage) assert.ok(usageOf(key as SourceKey).includes(usage));
    }
  }
});

Deno.test("relative paths start at the pipeline file's folder, whatever the file name", () => {
  using clips = new Clips();
  const name = `odd "name" ! ä=1.mkv`;
  const path = clips.path(name);
  Deno.writeTextFileSync(path, "");
  for (const text of [name, path, `file:${name}`, `file://${encodeURI(path)}`]) {
    const found = readAddress(text, "uri", clips.folder);
    assert.equal(found.descriptor, file);
    assert.deepEqual(read(text, "uri", clips.folder).address, { path }, text);
    assert.equal(found.absent(), undefined);
  }
});

Deno.test("only regular files are opened as files", () => {
  using clips = new Clips();
  new Deno.Command("mkfifo", { args: [clips.path("pipe")] }).outputSync();
  const reason = (text: string) => readAddress(text, "uri", clips.folder).absent();
  assert.match(reason("nix.mkv") ?? "", /^Cannot open \/.*\/nix\.mkv: no such file$/);
  assert.match(reason("/") ?? "", /^Cannot open \/: it is a folder$/);
  assert.match(reason("pipe") ?? "", /^Cannot open \/.*\/pipe: it is a named pipe$/);
  assert.match(reason("/dev/zero") ?? "", /^Cannot open \/dev\/zero: it is a device$/);
});

Deno.test("an invalid value is rejected in one line that states the valid forms", () => {
  const wrong: [string, SourceKey, RegExp][] = [
    ["v4l2:///dev/video0", "uri", /must be a file path, file:, rtsp:, http: or https:, got v4l2:/],
    ["alsa://hw:0", "video", /must be .*v4l2:\/\/\/dev\/videoN, .*test:\/\/PATTERN, got alsa/],
    ["silence://", "video", /must be .*test:\/\/PATTERN, got silence/],
    ["silence://x", "audio", /must be silence:\/\/ and nothing after it, got silence:\/\/x/],
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
    assert.throws(() => readAddress(text, key, "/nowhere"), (error) => {
      assert.ok(error instanceof CaptureError);
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n"));
      assert.deepEqual(error.path, ["source", key]);
      return true;
    }, text);
  }
});
