import { quoted } from "../launch_text.ts";
import { hostReach, type NetworkAddress, networkUrl, probeHost } from "../network.ts";
import type { SourceDescriptor, SourceForm } from "../source.ts";

const LATENCY_MS = 200;

const form: SourceForm<NetworkAddress> = {
  usage: ["rtsp:"],
  example: "rtsp://localhost/",
  address: networkUrl("rtsp://HOST[:PORT]/PATH"),
};

/** A network camera that speaks RTSP. */
export const rtsp: SourceDescriptor<NetworkAddress> = {
  schemes: ["rtsp", "rtspt", "rtspu", "rtsps"],
  forms: { uri: form, video: form, audio: form },
  packages: {
    rtspsrc: "gstreamer1.0-plugins-good",
    rtpbin: "gstreamer1.0-plugins-good",
    udpsrc: "gstreamer1.0-plugins-good",
  },
  picture: { decoded: "any" },
  setup: ["rtspsrc"],
  endless: () => "device",
  launch: ({ url }, { name, streams, tail, decodebin }) =>
    [
      `rtspsrc name=${name} location=${quoted(url)} latency=${LATENCY_MS} ` +
      `protocols=tcp+udp timeout=3000000 tcp-timeout=10000000`,
      ...streams.map((stream) =>
        `${name}. ! application/x-rtp,media=${stream} ! ${decodebin} name=${stream}_decoder ! ` +
        tail(stream)
      ),
    ].join("  "),
  laterElements: () => ["rtpbin", "udpsrc"],
  reach: ({ url }) => hostReach(url, defaultPort(url)),
  probe: ({ url }) => probeHost(url, defaultPort(url)),
};

function defaultPort(url: string): number {
  return url.startsWith("rtsps:") ? 322 : 554;
}
