import { z } from "zod";
import { probePath } from "../device_probe.ts";
import { quoted, withoutScheme } from "../launch_text.ts";
import type { SourceDescriptor } from "../source.ts";
import { decoded } from "../source_bin.ts";
import { videoNodes } from "../video_nodes.ts";

interface CameraAddress {
  readonly device: string;
}

/**
 * Preferred formats of a USB camera, best first. The default would be its largest, often at 5 Hz; models use a few hundred
 * pixels.
 */
const FORMATS = [
  ...["640,height=480", "640,height=360"].map((size) => `video/x-raw,width=${size},framerate=30/1`),
  "image/jpeg,width=1280,height=720,framerate=30/1",
  "video/x-raw",
  "image/jpeg",
  "video/x-h264",
].join(";");

/** A USB camera or another Video4Linux device. */
export const v4l2: SourceDescriptor<CameraAddress> = {
  schemes: ["v4l2"],
  forms: {
    video: {
      usage: ["v4l2:///dev/videoN"],
      example: "v4l2:///dev/video0",
      address: z.string().regex(/^v4l2:(\/\/)?\/dev\/\S+$/i, "must be v4l2:///dev/videoN")
        .transform((text) => ({ device: withoutScheme(text) })),
    },
  },
  packages: { v4l2src: "gstreamer1.0-plugins-good" },
  picture: { decoded: "jpeg" },
  endless: () => "device",
  launch: ({ device }, request) =>
    decoded(
      `v4l2src name=${request.name} device=${
        quoted(device)
      } ! capsfilter caps="${FORMATS}" ! queue`,
      request,
    ),
  probe: ({ device }) => probePath(device, "no such device"),
  devices: (root) =>
    videoNodes(root).filter(({ bayer }) => !bayer)
      .map(({ node, name }) => ({ kind: "camera", url: `v4l2:///dev/${node}`, name })),
};
