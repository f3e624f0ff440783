import assert from "node:assert/strict";
import { join } from "node:path";
import { findDevices } from "../../src/capture/devices.ts";
import { gstreamerVersion, inspectElements } from "../../src/capture/inspect.ts";
import { packageOfElement, packageOfMissing } from "../../src/capture/packages.ts";

Deno.test("GStreamer reports its version and its elements", async () => {
  assert.match(await gstreamerVersion(), /^1\.\d+\.\d+$/);
  assert.deepEqual(await inspectElements(["appsink", "nvvidconv2000"]), [
    { element: "appsink", found: true, package: "gstreamer1.0-plugins-base" },
    { element: "nvvidconv2000", found: false, package: "nvidia-l4t-gstreamer" },
  ]);
});

Deno.test("elements and missing codecs map to Debian packages", () => {
  assert.equal(packageOfElement("alsasrc"), "gstreamer1.0-alsa");
  assert.equal(packageOfElement("avdec_vp9"), "gstreamer1.0-libav");
  assert.equal(packageOfElement("somethingelse"), undefined);
  assert.equal(packageOfMissing("decoder", "video/x-h265, level=3"), "gstreamer1.0-libav");
  assert.equal(packageOfMissing("decoder", "audio/x-opus"), "gstreamer1.0-plugins-base");
  assert.equal(packageOfMissing("decoder", "video/quicktime"), "gstreamer1.0-plugins-good");
  assert.equal(packageOfMissing("element", "pulsesrc"), "gstreamer1.0-pulseaudio");
});

Deno.test("the package of an element is the one that dpkg reports", async () => {
  const dpkg = async (...args: string[]) => {
    const { stdout } = await new Deno.Command("dpkg-query", { args, stderr: "null" }).output();
    return new TextDecoder().decode(stdout).split(":")[0];
  };
  for (const [element, library] of [["aspectratiocrop", "videocrop"], ["appsink", "app"]]) {
    const owner = await dpkg("-S", `*/gstreamer-1.0/libgst${library}.so`);
    assert.equal(packageOfElement(element), owner);
  }
});

Deno.test("cameras and microphones are found in /sys and /proc", () => {
  const root = Deno.makeTempDirSync();
  try {
    const put = (path: string, text: string) => {
      const file = join(root, path);
      Deno.mkdirSync(join(file, ".."), { recursive: true });
      Deno.writeTextFileSync(file, text);
    };
    put("sys/class/video4linux/video10/name", "USB Camera\n");
    put("sys/class/video4linux/video10/index", "0\n");
    put("sys/class/video4linux/video11/name", "USB Camera\n");
    put("sys/class/video4linux/video11/index", "1\n");
    put("sys/class/video4linux/video0/name", "vi-output, imx219 9-0010\n");
    put("proc/asound/card1/id", "C920\n");
    put(
      "proc/asound/pcm",
      "00-03: HDMI 0 : HDMI 0 : playback 1\n01-00: USB Audio : USB Audio : capture 1\n",
    );
    assert.deepEqual(findDevices(root), [
      { kind: "camera", url: "v4l2:///dev/video10", name: "USB Camera" },
      { kind: "camera", url: "argus://0", name: "vi-output, imx219 9-0010" },
      { kind: "microphone", url: "alsa://hw:1,0", name: "C920: USB Audio" },
    ]);
    assert.deepEqual(findDevices(join(root, "nowhere")), []);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});
