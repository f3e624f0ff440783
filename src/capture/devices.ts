import type { Device, SourceDescriptor } from "./source.ts";
import { SOURCES } from "./sources.ts";

/**
 * Cameras and microphones of this machine, found without GStreamer.
 *
 * @param root where `sys` and `proc` are mounted.
 */
export function findDevices(
  root = "/",
  sources: readonly SourceDescriptor[] = SOURCES,
): Device[] {
  return sources.flatMap((source) => source.devices?.(root) ?? []);
}
