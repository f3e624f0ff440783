import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { fitGeometry } from "../../src/core/fit_geometry.ts";
import { McapRecorder } from "../../src/mcap/mcap_recorder.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { pythonWith } from "../support/python_with.ts";
import { sampleDescription } from "../support/sample_description.ts";
import { sampleEvent } from "../support/sample_event.ts";

const SCRIPT = fileURLToPath(new URL("read_ros2.py", import.meta.url));
const PYTHON = await pythonWith("python-ros2-bags", [
  "rosbags==0.11.9",
  "mcap-ros2-support==0.6.0",
]);
const AT = { ptsNs: 1e9, epochNs: 1_795_000_001_250_000_000n };

/** A JPEG header of 320 × 240 pixels. */
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0, 240, 1, 64, 0, 0);

Deno.test({
  name: "profile ros2: rosbags and mcap-ros2-support read pictures, detections and JSON",
  ignore: PYTHON === undefined,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "whence-ros2-" });
    try {
      const recorder = new McapRecorder({
        folder,
        pipeline: "front-door",
        profile: "ros2",
        compression: "zstd",
        splitSeconds: 3600,
        complain: (error) => assert.equal(error, undefined),
      });
      await recorder.open();
      const telemetry = new Telemetry((_level, line) => assert.fail(line));
      recorder.listen(telemetry);
      telemetry.tell(
        "description",
        sampleDescription({
          pipeline: "front-door",
          heads: [{ kind: "sound", calibrated: true }],
          fit: fitGeometry({ width: 640, height: 480, parN: 1, parD: 1 }, "letterbox", 64, 64),
          frameId: "head",
          pictures: true,
        }),
      );
      telemetry.tell("state", { state: "running", since: 1, reason: null });
      telemetry.tell("picture", { ...AT, jpeg: JPEG });
      const heatMap = new Float32Array(16);
      const known = sampleEvent({
        id: "1795000001.000-aaaaaa",
        box: [0.25, 0.5, 0.75, 1],
        labels: [{ name: "dog", score: 0.5 }, { name: "Köter", score: 0.25 }],
      });
      const { peak: _peak, box: _box, ...rest } = sampleEvent({ id: "1795000001.000-bbbbbb" });
      telemetry.tell("event", { ...AT, event: known, heatMap });
      telemetry.tell("event", { ...AT, event: { ...rest, located: false }, heatMap });
      await recorder.close();

      const { success, stdout, stderr } = await new Deno.Command(PYTHON!, {
        args: [SCRIPT, recorder.files[0]],
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const found = JSON.parse(new TextDecoder().decode(stdout));
      for (const reader of ["rosbags", "mcap"]) {
        const topics = found[reader];
        assert.equal(topics["/front_door/state"].state, "running");
        assert.deepEqual(
          topics["/front_door/picture/compressed"],
          [1_795_000_001, 250_000_000, "jpeg", JPEG.length],
        );
        assert.deepEqual(topics["/front_door/event"], { ...rest, located: false });
        assert.deepEqual(topics["/front_door/detections"], [{
          id: known.id,
          frame: "head_optical",
          names: [["dog", 0.5], ["Köter", 0.25]],
          center: [160, 180],
          size: [160, 120],
        }]);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
