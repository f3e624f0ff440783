import { parseSourceUrl, type SourceUrl } from "../../capture/source_url.ts";
import type { SourceConfig } from "../../capture/source_schema.ts";
import type { Finding } from "../../core/finding.ts";

const PATIENCE_MS = 3_000;
const PORTS: Readonly<Record<string, number>> = { "rtsps:": 322, "http:": 80, "https:": 443 };

/** Looks whether the devices and hosts of a source are there. */
export async function probeSource(source: SourceConfig, folder: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const key of ["uri", "video", "audio"] as const) {
    const named = source[key];
    if (named === undefined) continue;
    const { status, detail } = await probe(parseSourceUrl(named, key, folder));
    findings.push({ area: "Source", name: named, status, needed: true, detail });
  }
  return findings;
}

type Outcome = Pick<Finding, "status" | "detail">;

async function probe(url: SourceUrl): Promise<Outcome> {
  switch (url.kind) {
    case "v4l2":
      return await probeDevice(url.device);
    case "rtsp":
    case "http":
      return await probeHost(URL.parse(url.url)!);
    case "argus":
      return await probeDevice("/etc/nv_tegra_release", "CSI cameras need a Jetson");
    case "alsa":
      return await probeCard(url.device);
    case "pulse":
      return { status: "none", detail: "not tried" };
    case "file":
      return { status: "ok", detail: url.file };
    default:
      return { status: "ok", detail: "made by GStreamer" };
  }
}

/** Looks for the sound card of an ALSA name such as `hw:1,0` or `plughw:CARD=Camera,DEV=0`. */
async function probeCard(device: string): Promise<Outcome> {
  const card = /^[a-z]+:(?:CARD=)?(\w+)/i.exec(device)?.[1];
  if (card === undefined) return { status: "none", detail: "not tried" };
  const path = `/proc/asound/${/^\d+$/.test(card) ? "card" : ""}${card}`;
  return await probeDevice(path, `no sound card ${card}`);
}

async function probeDevice(path: string, otherwise = "no such device"): Promise<Outcome> {
  try {
    await Deno.stat(path);
    return { status: "ok", detail: path };
  } catch {
    return { status: "missing", detail: otherwise };
  }
}

async function probeHost({ hostname, port, protocol }: URL): Promise<Outcome> {
  const number = Number(port) || (PORTS[protocol] ?? 554);
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const place = `${hostname}:${number}`;
  try {
    // The resolver has no signal of its own.
    const connecting = Deno.connect({ hostname: hostname.replace(/^\[|\]$/g, ""), port: number });
    const gaveUp = new Promise<undefined>((resolve) =>
      patience.addEventListener("abort", () => resolve(undefined))
    );
    const connection = await Promise.race([connecting, gaveUp]);
    if (connection === undefined) return { status: "missing", detail: `${place} does not answer` };
    connection.close();
    return { status: "ok", detail: `${place} answers` };
  } catch (error) {
    const refused = error instanceof Deno.errors.ConnectionRefused;
    return {
      status: "missing",
      detail: refused ? `nobody listens at ${place}` : `${place} cannot be reached`,
    };
  }
}
