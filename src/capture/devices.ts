import type { Device, SourceDescriptor } from "./source.ts";
import { SOURCES } from "./sources.ts";

/**
 * Cameras and microphones that the kernel knows, with the URL for the pipeline file; needs no GStreamer.
 *
 * @param root where `sys` and `proc` are mounted.
 */
export function findDevices(
  root = "/",
  sources: readonly SourceDescriptor[] = SOURCES,
): Device[] {
  return sources.flatMap((source) => source.devices?.(root) ?? []);
}
