import { join } from "node:path";
import { kernelText } from "./kernel_text.ts";

/** A Video4Linux node that gives pictures. */
export interface VideoNode {
  /** Name under `/dev`, such as `video0`. */
  readonly node: string;
  /** The driver's name for it. */
  readonly name: string;
  /** Whether it gives a sensor's raw Bayer data only: a Jetson's CSI camera. */
  readonly bayer: boolean;
}

/**
 * The video nodes that the kernel knows, by number.
 *
 * @param root where `sys` is mounted.
 */
export function videoNodes(root: string): VideoNode[] {
  const folder = join(root, "sys/class/video4linux");
  return entries(folder).filter((name) => /^video\d+$/.test(name)).sort(byNumber)
    // A UVC camera has further nodes for metadata; only its first one gives pictures.
    .filter((node) => (kernelText(join(folder, node, "index")) || "0") === "0")
    .map((node) => {
      const name = kernelText(join(folder, node, "name")) || node;
      return { node, name, bayer: name.startsWith("vi-output") };
    });
}

function entries(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch {
    return [];
  }
}

function byNumber(a: string, b: string): number {
  return Number(a.replace(/\D/g, "")) - Number(b.replace(/\D/g, ""));
}
