import { join } from "node:path";
import { kernelNames, kernelText } from "./kernel_text.ts";

/** A Video4Linux capture node. */
export interface VideoNode {
  /** Name under `/dev`, such as `video0`. */
  readonly node: string;
  /** Name given by its driver. */
  readonly name: string;
  /** Whether it delivers only raw Bayer data: a Jetson's CSI sensor. */
  readonly bayer: boolean;
}

/** Nodes of a Raspberry Pi's codecs, scalers and CSI receivers; its cameras are opened through libcamera. */
const NO_CAMERA = /^(bcm2835-|pispbe|rpi-hevc-dec|rpivid|unicam|rp1-cfe)/;

/**
 * The video capture nodes of this machine, sorted by number.
 *
 * @param root where `sys` is mounted.
 */
export function videoNodes(root: string): VideoNode[] {
  const folder = join(root, "sys/class/video4linux");
  return kernelNames(folder).filter((name) => /^video\d+$/.test(name)).sort(byNumber)
    // A UVC camera has further nodes for metadata; only its first one delivers video.
    .filter((node) => (kernelText(join(folder, node, "index")) || "0") === "0")
    .map((node) => {
      const name = kernelText(join(folder, node, "name")) || node;
      return { node, name, bayer: name.startsWith("vi-output") };
    })
    .filter(({ name }) => !NO_CAMERA.test(name));
}

function byNumber(a: string, b: string): number {
  return Number(a.replace(/\D/g, "")) - Number(b.replace(/\D/g, ""));
}
