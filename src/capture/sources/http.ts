import { quoted } from "../launch_text.ts";
import { hostReach, type NetworkAddress, networkUrl, probeHost } from "../network.ts";
import type { LaunchRequest, SourceDescriptor, SourceForm } from "../source.ts";
import { decoded } from "../source_bin.ts";

/** Paths of media files; anything else is treated as a camera. */
const MEDIA_FILE = /\.(mkv|webm|mp4|m4v|mov|avi|ts|m3u8|mpd|wav|flac|mp3|m4a|aac|ogg|opus)$/i;

const form: SourceForm<NetworkAddress> = {
  usage: ["http:", "https:"],
  example: "http://localhost/",
  address: networkUrl("http://HOST[:PORT]/PATH"),
};

/** A recording on a web server, or a network camera that streams over HTTP. */
export const http: SourceDescriptor<NetworkAddress> = {
  schemes: ["http", "https"],
  forms: { uri: form, video: form, audio: form },
  packages: {
    souphttpsrc: "gstreamer1.0-plugins-good",
    multipartdemux: "gstreamer1.0-plugins-good",
  },
  picture: { tagged: true, decoded: "any" },
  endless: ({ url }) => isCamera(url) ? "device" : "no",
  launch: ({ url }, request) =>
    isCamera(url)
      ? camera(url, request)
      : decoded(`souphttpsrc name=${request.name} location=${quoted(url)}`, request),
  reach: ({ url }) => hostReach(url, url.startsWith("https:") ? 443 : 80),
  probe: ({ url }) => probeHost(url, url.startsWith("https:") ? 443 : 80),
};

function isCamera(url: string): boolean {
  return !MEDIA_FILE.test(new URL(url).pathname);
}

/** A camera that sends only video usually sends a sequence of JPEGs. */
function camera(url: string, request: LaunchRequest): string {
  const source = `souphttpsrc name=${request.name} location=${
    quoted(url)
  } is-live=true do-timestamp=true`;
  const pictures = request.streams.length === 1 && request.streams[0] === "video";
  return decoded(pictures ? `${source} ! multipartdemux single-stream=true` : source, request);
}
