import type { Finding } from "../../../core/finding.ts";
import { builtAddon } from "./addon.ts";
import { BUILD_NEEDS, isInstalled, NODE } from "./build_needs.ts";

const AREA = "node-gstreamer-superficial";

/**
 * What `source.binding: superficial` needs; what building the addon takes, only if it is not built.
 *
 * @param folders that are searched for the addon; default: those of this user and this machine.
 */
export async function examineSuperficial(
  folders?: readonly string[],
): Promise<Finding[]> {
  const addon = builtAddon(folders);
  const needs = addon === undefined ? [NODE, ...BUILD_NEEDS] : [NODE];
  const findings = await Promise.all(needs.map(async (need): Promise<Finding> => {
    const found = await isInstalled(need);
    return {
      area: AREA,
      name: need.name,
      status: found ? "ok" : "missing",
      needed: true,
      detail: found ? "" : `apt-get install ${need.package}`,
    };
  }));
  return [...findings, {
    area: AREA,
    name: "addon",
    status: addon === undefined ? "missing" : "ok",
    needed: true,
    detail: addon ?? "not built; run: whence setup superficial",
  }];
}
