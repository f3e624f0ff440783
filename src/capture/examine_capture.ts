import type { Finding } from "../core/finding.ts";
import { CaptureError } from "./capture_error.ts";
import { findDevices } from "./devices.ts";
import type { ExaminedSource } from "./examined_source.ts";
import { findDecoding } from "./find_decoding.ts";
import { gstreamerVersion, inspectElements } from "./inspect.ts";
import { examineSuperficial } from "./isolated/superficial/examine_superficial.ts";
import { probeSource } from "./probe_source.ts";
import type { SourceDescriptor } from "./source.ts";
import { SOURCES } from "./sources.ts";
import { usualElements } from "./usual_elements.ts";
import type { DecodeMode } from "./video_hardware.ts";

/** Looks at GStreamer, cameras and microphones, and at one source if it is given. */
export async function examineCapture(
  examined: ExaminedSource | undefined,
  sources: readonly SourceDescriptor[] = SOURCES,
): Promise<Finding[]> {
  return [
    ...await examineGStreamer(examined?.elements, sources),
    ...await examineDecoding(examined?.source.decode),
    ...examineDevices(sources),
    ...examined?.source.binding === "superficial" ? await examineSuperficial() : [],
    ...examined === undefined ? [] : await examineSource(examined, sources),
  ];
}

async function examineGStreamer(
  needed: readonly string[] | undefined,
  sources: readonly SourceDescriptor[],
): Promise<Finding[]> {
  const area = "GStreamer";
  try {
    const version = await gstreamerVersion();
    const wanted = new Set(needed ?? usualElements(sources));
    const elements = await inspectElements([...wanted].sort());
    return [
      { area, name: "version", status: "ok", needed: true, detail: version },
      ...elements.map(({ element, found, package: from }): Finding => ({
        area,
        name: element,
        status: found ? "ok" : "missing",
        needed: needed !== undefined,
        detail: found || from === undefined ? "" : `apt-get install ${from}`,
      })),
    ];
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    const name = "libgstreamer-1.0";
    return [{ area, name, status: "missing", needed: true, detail: error.message }];
  }
}

/** What decodes video, and why; nothing without GStreamer, which is among the findings already. */
async function examineDecoding(mode: DecodeMode = "auto"): Promise<Finding[]> {
  const finding = { area: "GStreamer", name: "video decoding", needed: mode === "hardware" };
  try {
    const { reason } = await findDecoding(mode);
    return [{ ...finding, status: "ok", detail: reason }];
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return error.permanent ? [{ ...finding, status: "missing", detail: error.message }] : [];
  }
}

function examineDevices(sources: readonly SourceDescriptor[]): Finding[] {
  const area = "Cameras and microphones";
  const devices = findDevices("/", sources);
  const missing = (["camera", "microphone"] as const).filter((kind) =>
    !devices.some((device) => device.kind === kind)
  );
  return [
    ...devices.map(({ url, name }): Finding => ({
      area,
      name: url,
      status: "ok",
      needed: false,
      detail: name,
    })),
    ...missing.map((kind): Finding => ({
      area,
      name: kind,
      status: "none",
      needed: false,
      detail: "none found",
    })),
  ];
}

async function examineSource(
  { source, folder }: ExaminedSource,
  sources: readonly SourceDescriptor[],
): Promise<Finding[]> {
  return await probeSource(source, folder, sources).catch((error) => {
    // Already among the file's own faults.
    if (error instanceof CaptureError) return [];
    throw error;
  });
}
