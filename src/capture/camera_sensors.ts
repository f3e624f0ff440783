import { existsSync } from "node:fs";
import { join } from "node:path";
import { kernelNames, kernelText } from "./kernel_text.ts";

/** A camera sensor of the device tree. */
export interface CameraSensor {
  /** Its name in libcamera: its path in the device tree, such as `/base/soc/i2c0mux/i2c@1/imx219@10`. */
  readonly camera: string;
  /** Name given by its driver, such as `imx219 10-0010`. */
  readonly name: string;
}

/**
 * The camera sensors of this machine, sorted by libcamera's name.
 *
 * @param root where `sys` is mounted.
 */
export function cameraSensors(root: string): CameraSensor[] {
  const folder = join(root, "sys/class/video4linux");
  return kernelNames(folder).filter((name) => /^v4l-subdev\d+$/.test(name)).flatMap((subdevice) => {
    const node = join(folder, subdevice, "device/of_node");
    const camera = deviceTreePath(node);
    // Lens motors and bridges are subdevices, too: only a sensor is on an I²C bus and has a port for its pictures.
    if (camera === undefined || !/\/i2c@?/.test(camera) || !hasPort(node)) return [];
    return [{ camera, name: kernelText(join(folder, subdevice, "name")) || subdevice }];
  }).sort((a, b) => a.camera < b.camera ? -1 : 1);
}

function deviceTreePath(node: string): string | undefined {
  try {
    return /\/base\/.*$/.exec(Deno.realPathSync(node))?.[0];
  } catch {
    return undefined;
  }
}

function hasPort(node: string): boolean {
  return ["port", "ports"].some((name) => existsSync(join(node, name)));
}
