import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { cameraSensors } from "../camera_sensors.ts";
import { quoted, rateFraction, withoutScheme } from "../launch_text.ts";
import type { Probe, SourceDescriptor } from "../source.ts";
import { chained } from "../source_bin.ts";

interface CameraAddress {
  /** Empty for the first camera. */
  readonly camera: string;
  readonly width: number;
  readonly height: number;
  /** Frames per second. Default: libcamerasrc's own, 30. */
  readonly rate?: number;
}

/**
 * Default size. libcamera chooses the mode of the sensor by it: smaller sizes choose modes that cut off the sides of many sensors.
 * A width that is a multiple of 64 has rows without padding, of which older versions of libcamerasrc tell nothing.
 */
const SIZE = { width: 1280, height: 960 };

/** libcamerasrc takes the first format of the camera that is not excluded, which may be gray. */
const FORMATS = "{NV12,I420,YUY2,RGB,BGR,RGBx,BGRx}";

const USAGE = "libcamera://[NAME][?size=WIDTHxHEIGHT&rate=N]";

/** A camera that Linux drives through libcamera, such as those of a Raspberry Pi. */
export const libcamera: SourceDescriptor<CameraAddress> = {
  schemes: ["libcamera"],
  forms: {
    video: {
      usage: [USAGE],
      example: "libcamera://",
      address: z.string().transform((text, context) => {
        const address = parse(text);
        if (address !== undefined) return address;
        context.addIssue({
          code: "custom",
          message: `must be ${USAGE}, such as libcamera://?size=1280x960&rate=30`,
        });
        return z.NEVER;
      }),
    },
  },
  packages: { libcamerasrc: "gstreamer1.0-libcamera" },
  endless: () => "device",
  launch({ camera, width, height, rate }, request) {
    const named = camera === "" ? "" : ` camera-name=${quoted(camera)}`;
    const caps = `video/x-raw,format=${FORMATS},width=${width},height=${height}${
      rate === undefined ? "" : `,framerate=${rateFraction(rate)}`
    }`;
    return chained(
      `libcamerasrc name=${request.name}${named} ! capsfilter caps=${quoted(caps)} ! queue`,
      request,
    );
  },
  probe: ({ camera }) => Promise.resolve(probeCamera(camera, "/")),
  devices: (root) =>
    cameraSensors(root)
      .map(({ camera, name }) => ({ kind: "camera", url: `libcamera://${camera}`, name })),
};

function parse(text: string): CameraAddress | undefined {
  const [camera, query = "", ...rest] = withoutScheme(text).split("?");
  const { size, rate, ...unknown } = Object.fromEntries(new URLSearchParams(query));
  const sides = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(size ?? `${SIZE.width}x${SIZE.height}`);
  const hertz = rate === undefined ? undefined : Number(rate);
  const isRate = hertz === undefined || hertz >= 0.5 && hertz <= 1000;
  if (sides === null || !isRate || rest.length > 0 || Object.keys(unknown).length > 0) return;
  return { camera, width: Number(sides[1]), height: Number(sides[2]), rate: hertz };
}

/**
 * Looks for a camera in the device tree, from which libcamera makes the names.
 *
 * @param root where `sys` and `dev` are mounted.
 */
export function probeCamera(camera: string, root: string): Probe {
  const sensors = cameraSensors(root);
  const found = sensors.map((sensor) => sensor.camera).join(", ");
  if (camera.startsWith("/base/") && !sensors.some((sensor) => sensor.camera === camera)) {
    return { status: "missing", detail: `no such camera; found ${found || "none"}` };
  }
  if (sensors.length > 0) return { status: "ok", detail: camera || sensors[0].camera };
  // Cameras of other machines are not in the device tree; each of them is behind a media controller.
  return existsSync(join(root, "dev/media0"))
    ? { status: "ok", detail: "/dev/media0" }
    : { status: "missing", detail: "no camera found: there is no /dev/media0" };
}
