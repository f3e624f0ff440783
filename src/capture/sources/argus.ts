import { z } from "zod";
import { fitGeometry } from "../../core/fit_geometry.ts";
import { probePath } from "../device_probe.ts";
import { withoutScheme } from "../launch_text.ts";
import { type FrameFormat, PICTURE } from "../sink_bin.ts";
import type { SourceDescriptor } from "../source.ts";
import { chained } from "../source_bin.ts";
import { videoNodes } from "../video_nodes.ts";

interface SensorAddress {
  readonly sensor: number;
}

/** Requested sensor mode: the largest that all common sensors have. */
const MODE = { width: 1920, height: 1080 };

/** A Jetson's CSI camera. */
export const argus: SourceDescriptor<SensorAddress> = {
  schemes: ["argus"],
  forms: {
    video: {
      usage: ["argus://N"],
      example: "argus://0",
      address: z.string().regex(
        /^argus:(\/\/)?\d+$/i,
        "must be argus://N, N a sensor number such as 0",
      ).transform((text) => ({ sensor: Number(withoutScheme(text)) })),
    },
  },
  packages: { nvarguscamerasrc: "nvidia-l4t-gstreamer" },
  picture: { measured: true },
  endless: () => "device",
  launch: ({ sensor }, request) =>
    chained(
      [
        `nvarguscamerasrc name=${request.name} sensor-id=${sensor}`,
        `video/x-raw(memory:NVMM),width=${MODE.width},height=${MODE.height},framerate=30/1`,
        `nvvidconv name=${PICTURE}`,
        `video/x-raw,format=BGRx,${scaledSize(request.format)}`,
      ].join(" ! "),
      request,
    ),
  probe: () => probePath("/etc/nv_tegra_release", "CSI cameras need a Jetson"),
  // The kernel lists a CSI sensor as a node with raw Bayer data.
  devices: (root) =>
    videoNodes(root).filter(({ bayer }) => bayer)
      .map(({ name }, sensor) => ({ kind: "camera", url: `argus://${sensor}`, name })),
};

function scaledSize({ width, height, fit }: FrameFormat): string {
  const { scaleX, scaleY } = fitGeometry({ ...MODE, parN: 1, parD: 1 }, fit, width, height);
  return `width=${Math.round(scaleX * width)},height=${Math.round(scaleY * height)}`;
}
