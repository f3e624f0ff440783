import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { examineSuperficial } from "../../../../src/capture/isolated/superficial/examine_superficial.ts";
import { busMessageOf } from "../../../../src/capture/isolated/superficial/raw_message.ts";
import { superficialBinding } from "../../../../src/capture/isolated/superficial/superficial_binding.ts";
import { packageOfElement } from "../../../../src/capture/packages.ts";
import { whence } from "../../../cli/whence.ts";
import { withFiles } from "../../../config/pipeline_file.ts";
import { faultOf } from "../../../../src/capture/capture_faults.ts";
import { planOf } from "../../media.ts";

Deno.test("without the addon, the error names the command that builds it", () => {
  assert.throws(
    () => superficialBinding([]),
    /^CaptureError: Cannot capture with source\.binding superficial: .*; run: whence setup superficial$/,
  );
});

Deno.test("doctor lists what building the addon takes until it is built", async () => {
  const missing = await examineSuperficial([]);
  const names = missing.map(({ name }) => name);
  assert.ok(
    ["Node.js", "C++ compiler", "headers of GStreamer"].every((one) => names.includes(one)),
  );
  const { status, detail } = missing.at(-1)!;
  assert.deepEqual([status, detail], ["missing", "not built; run: whence setup superficial"]);
  const folder = await Deno.makeTempDir({ prefix: "whence-addon-" });
  try {
    const build = join(folder, "node_modules/gstreamer-superficial/build/Release");
    await Deno.mkdir(build, { recursive: true });
    await Deno.writeTextFile(join(build, "gstreamer-superficial.node"), "");
    const built = await examineSuperficial([folder]);
    assert.deepEqual(built.map(({ name }) => name), ["Node.js", "addon"]);
    assert.equal(built[1].detail, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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
  assert.match(
    faultOf(message!, planOf({ uri: "rtsp://camera/1", binding: "superficial" }))!.message,
    /: GStreamer has no H\.264 decoder; .*gstreamer1\.0-libav$/,
  );
  assert.equal(busMessageOf({ type: "latency", _src_element_name: "video" }), undefined);
});

Deno.test({
  name: "check and doctor report the missing addon",
  ignore: existsSync("/var/lib/whence/superficial"),
  async fn() {
    const yaml = `source: { video: "test://ball", audio: "test://sine", binding: superficial }
model: denseav-mini
runtime: { providers: [cpu] }
publish: { jsonl: a.jsonl }
`;
    await withFiles({ "front.yaml": yaml }, async (folder) => {
      const file = join(folder, "front.yaml");
      const env = { XDG_DATA_HOME: folder };
      const check = await whence(["check", file], { env });
      assert.equal(check.code, 2);
      assert.match(check.stderr, /front\.yaml:1:\d+: .*the addon is not built; run: whence setup/);
      const doctor = await whence(["doctor", file], { env });
      assert.equal(doctor.code, 1);
      assert.match(doctor.stdout, /addon +.*not built; run: whence setup superficial/);
    });
  },
});
