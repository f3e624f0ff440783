import assert from "node:assert/strict";
import { examineSuperficial } from "../../../../src/capture/isolated/superficial/examine_superficial.ts";
import { busMessageOf } from "../../../../src/capture/isolated/superficial/raw_message.ts";
import { superficialBinding } from "../../../../src/capture/isolated/superficial/superficial_binding.ts";
import { packageOfElement } from "../../../../src/capture/packages.ts";
import { planOf } from "../../media.ts";

Deno.test("without the addon, the error names the command that builds it", () => {
  assert.throws(
    () => superficialBinding([]),
    /^CaptureError: Cannot capture with source\.binding superficial: .*; run: whence setup superficial$/,
  );
});

Deno.test("doctor lists what building the addon takes until it is built", async () => {
  const before = await examineSuperficial("");
  assert.deepEqual(before.map(({ name }) => name), ["Node.js", "addon"]);
  const missing = await examineSuperficial(undefined);
  const names = missing.map(({ name }) => name);
  if (names.length === 2) return;
  assert.ok(names.includes("headers of GStreamer") && names.includes("C++ compiler"));
  assert.match(missing.at(-1)!.detail, /whence setup superficial/);
});

Deno.test("the graph of the addon carries time stamps in its bytes", () => {
  const plan = planOf({ video: "test://ball", audio: "test://sine", binding: "superficial" });
  assert.equal(plan.isolate, true);
  assert.equal(plan.launch.match(/gdppay crc-header=false ! appsink/g)?.length, 2);
  assert.ok(plan.elements.includes("gdppay"));
  assert.equal(packageOfElement("gdppay"), "gstreamer1.0-plugins-bad");
  assert.throws(
    () => planOf({ video: "argus://0", audio: "silence://", binding: "superficial" }),
    /source\.binding must be ffi/,
  );
});

Deno.test("messages of the bus, as the addon gives them, become Whence's", () => {
  const error = {
    type: "error",
    name: "/GstPipeline:pipeline0/GstFileSrc:source",
    debug: "gstfilesrc.c(532): gst_file_src_start (): …",
    message: "Could not open file.",
    _src_element_name: "source",
  };
  assert.deepEqual(busMessageOf(error), {
    kind: "error",
    element: "source",
    text: "Could not open file",
    detail: error.debug,
  });
  const missing = {
    type: "decoder",
    detail: "video/x-h264, level=(string)1.1",
    name: "H.264 decoder",
    _src_element_name: "source_decoder",
  };
  const message = busMessageOf(missing);
  assert.equal(message?.kind, "missing");
  assert.match(message!.text, /^GStreamer has no H\.264 decoder; .*gstreamer1\.0-libav$/);
  assert.equal(busMessageOf({ type: "latency", _src_element_name: "video" }), undefined);
});
