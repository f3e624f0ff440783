import assert from "node:assert/strict";
import { join } from "node:path";
import { openCapture } from "../../src/capture/capture.ts";
import { findDevices } from "../../src/capture/devices.ts";
import { inspectElements } from "../../src/capture/inspect.ts";
import { readAddress } from "../../src/capture/source_address.ts";
import { probeCamera } from "../../src/capture/sources/libcamera.ts";
import { tryCapture } from "../../src/capture/try_capture.ts";
import { Clips, planOf } from "./media.ts";
import { StubCamera } from "./stub_camera.ts";

const IMX219 = "/base/soc/i2c0mux/i2c@1/imx219@10";

Deno.test("the URL gives the camera, the size and the rate", () => {
  const launch = (video: string) => planOf({ video, audio: "silence://" }).launch;
  const first = launch("libcamera://");
  assert.match(
    first,
    /^libcamerasrc name=video_source ! capsfilter caps="video\/x-raw,format=\{NV12,[^"]*\},width=1280,height=960" ! queue ! /,
  );
  const named = launch(`libcamera://${IMX219}?size=1640x1232&rate=12.5`);
  assert.match(named, new RegExp(`^libcamerasrc name=video_source camera-name="${IMX219}" ! `));
  assert.match(named, /,width=1640,height=1232,framerate=25\/2" ! queue ! /);
  assert.equal(launch("libcamera:"), first);
  assert.match(launch(String.raw`libcamera://\_SB_.PCI0-8`), /camera-name="\\\\_SB_\.PCI0-8"/);
});

Deno.test("a URL with a wrong size, rate or parameter is refused", () => {
  for (const query of ["size=640", "size=0x480", "rate=fast", "rate=0", "fps=30", "rate=30?x"]) {
    assert.throws(() => readAddress(`libcamera://?${query}`, "video", "/"), {
      message:
        `Cannot use source.video: it must be libcamera://[NAME][?size=WIDTHxHEIGHT&rate=N], ` +
        `such as libcamera://?size=1280x960&rate=30, got libcamera://?${query}`,
    });
  }
});

/** A folder with the kernel's files of a Raspberry Pi 4 with a camera module 3. */
function raspberryPi(): string {
  const root = Deno.makeTempDirSync({ prefix: "whence-pi-" });
  const subdevice = (number: number, name: string, node: string, ...ports: string[]) => {
    const path = join(root, `sys/class/video4linux/v4l-subdev${number}`);
    const tree = join(root, "sys/firmware/devicetree/base", node);
    for (const folder of [join(path, "device"), tree, ...ports.map((port) => join(tree, port))]) {
      Deno.mkdirSync(folder, { recursive: true });
    }
    Deno.writeTextFileSync(join(path, "name"), `${name}\n`);
    Deno.symlinkSync(tree, join(path, "device/of_node"));
  };
  subdevice(0, "imx708", "soc/i2c0mux/i2c@1/imx708@1a", "port");
  subdevice(1, "dw9807 10-000c", "soc/i2c0mux/i2c@1/dw9817@c");
  subdevice(2, "unicam", "soc/csi@7e801000", "port");
  for (const [number, name] of ["unicam-image", "bcm2835-codec-decode"].entries()) {
    const path = join(root, `sys/class/video4linux/video${number}`);
    Deno.mkdirSync(path, { recursive: true });
    Deno.writeTextFileSync(join(path, "name"), `${name}\n`);
  }
  return root;
}

Deno.test("doctor finds the sensors of the device tree under their names in libcamera", () => {
  const root = raspberryPi();
  try {
    const camera = "/base/soc/i2c0mux/i2c@1/imx708@1a";
    assert.deepEqual(findDevices(root), [
      { kind: "camera", url: `libcamera://${camera}`, name: "imx708" },
    ]);
    assert.deepEqual(probeCamera("", root), { status: "ok", detail: camera });
    assert.deepEqual(probeCamera(camera, root), { status: "ok", detail: camera });
    assert.deepEqual(probeCamera(IMX219, root), {
      status: "missing",
      detail: `no such camera; found ${camera}`,
    });
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("a machine without a camera says so, one with a media controller may have one", () => {
  const root = Deno.makeTempDirSync({ prefix: "whence-pc-" });
  try {
    assert.deepEqual(probeCamera("", root), {
      status: "missing",
      detail: "no camera found: there is no /dev/media0",
    });
    Deno.mkdirSync(join(root, "dev"));
    Deno.writeTextFileSync(join(root, "dev/media0"), "");
    assert.equal(probeCamera("", root).status, "ok");
    assert.deepEqual(probeCamera(IMX219, root), {
      status: "missing",
      detail: "no such camera; found none",
    });
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("a camera of libcamera is captured", async (t) => {
  using clips = new Clips();
  const [{ package: from }] = await inspectElements(["libcamerasrc"]);
  assert.equal(from, "gstreamer1.0-libcamera");
  const stub = await StubCamera.register(clips.path("camera.so"));
  const video = `libcamera://${IMX219}?size=320x240&rate=30`;

  await t.step("with its name, in its size", async () => {
    const result = await tryCapture(planOf({ video, audio: "test://sine" }));
    assert.deepEqual(result, { status: "ok", detail: "video 320×240, audio" });
    assert.equal(stub.cameraName, IMX219);
  });

  await t.step("at the rate of the pipeline", async () => {
    await using capture = await openCapture(planOf({ video, audio: "silence://", frame_rate: 5 }));
    const times: number[] = [];
    for await (const { ptsNs } of capture.frames()) {
      if (times.push(ptsNs) === 4) break;
    }
    for (const [i, time] of times.slice(1).entries()) {
      assert.ok(Math.abs((time - times[i]) / 1e6 - 200) < 40, times.join());
    }
  });
});
