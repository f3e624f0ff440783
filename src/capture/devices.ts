import { join } from "node:path";

/** A camera or microphone of this machine. */
export interface Device {
  readonly kind: "camera" | "microphone";
  /** What to write under `source.video` or `source.audio`. */
  readonly url: string;
  /** What its driver calls it. */
  readonly name: string;
}

/**
 * Cameras and microphones that the kernel knows, by name and the URL that a pipeline file wants; needs no GStreamer.
 *
 * @param root where `sys` and `proc` are mounted.
 */
export function findDevices(root = "/"): Device[] {
  return [...cameras(root), ...microphones(root)];
}

function cameras(root: string): Device[] {
  const folder = join(root, "sys/class/video4linux");
  const found: Device[] = [];
  for (const node of entries(folder).filter((name) => /^video\d+$/.test(name)).sort(byNumber)) {
    // A UVC camera has further nodes for metadata; only its first one gives pictures.
    if ((read(join(folder, node, "index")) || "0") !== "0") continue;
    const name = read(join(folder, node, "name")) || node;
    // A Jetson's CSI sensors show raw Bayer data here; Argus turns it into pictures.
    const url = name.startsWith("vi-output")
      ? `argus://${found.filter((device) => device.url.startsWith("argus:")).length}`
      : `v4l2:///dev/${node}`;
    found.push({ kind: "camera", url, name });
  }
  return found;
}

/** Lines of `/proc/asound/pcm` such as `01-00: USB Audio : USB Audio : playback 1 : capture 1`. */
function microphones(root: string): Device[] {
  return read(join(root, "proc/asound/pcm")).split("\n").flatMap((line) => {
    const match = /^(\d+)-(\d+): ([^:]*?) *:.*\bcapture \d/.exec(line);
    if (match === null) return [];
    const [, card, device, name] = match;
    const owner = read(join(root, `proc/asound/card${Number(card)}/id`));
    return [{
      kind: "microphone" as const,
      url: `alsa://hw:${Number(card)},${Number(device)}`,
      name: owner === "" ? name : `${owner}: ${name}`,
    }];
  });
}

function entries(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return Deno.readTextFileSync(file).trim();
  } catch {
    return "";
  }
}

function byNumber(a: string, b: string): number {
  return Number(a.replace(/\D/g, "")) - Number(b.replace(/\D/g, ""));
}
