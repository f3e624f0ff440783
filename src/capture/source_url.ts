import { resolvePath } from "../core/paths.ts";
import { maskSecrets } from "../core/secrets.ts";
import { CaptureError } from "./capture_error.ts";

/** Patterns of GStreamer's `videotestsrc`. */
export const PATTERNS = [
  "smpte",
  "snow",
  "black",
  "white",
  "red",
  "green",
  "blue",
  "checkers-1",
  "checkers-2",
  "checkers-4",
  "checkers-8",
  "circular",
  "blink",
  "smpte75",
  "zone-plate",
  "gamut",
  "chroma-zone-plate",
  "ball",
  "smpte100",
  "bar",
  "pinwheel",
  "spokes",
  "gradient",
  "colors",
] as const;

/** Waves of GStreamer's `audiotestsrc`. */
export const WAVES = [
  "sine",
  "square",
  "saw",
  "triangle",
  "silence",
  "white-noise",
  "pink-noise",
  "sine-table",
  "ticks",
  "gaussian-noise",
  "red-noise",
  "blue-noise",
  "violet-noise",
] as const;

/** Paths of media that has times of its own; what else a web server sends is taken for a camera. */
const MEDIA_FILE = /\.(mkv|webm|mp4|m4v|mov|avi|ts|m3u8|mpd|wav|flac|mp3|m4a|aac|ogg|opus)$/i;

/** What a `uri`, `video` or `audio` key names. */
export type SourceUrl =
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "rtsp"; readonly url: string }
  | { readonly kind: "http"; readonly url: string; readonly live: boolean }
  | { readonly kind: "v4l2"; readonly device: string }
  | { readonly kind: "argus"; readonly sensor: number }
  | { readonly kind: "alsa"; readonly device: string }
  | { readonly kind: "pulse"; readonly device: string }
  | { readonly kind: "pattern"; readonly pattern: string }
  | { readonly kind: "wave"; readonly wave: string };

/** Which key a text was written under; each takes its own kinds of source. */
export type SourceKey = "uri" | "video" | "audio";

const KINDS = {
  uri: "a file path, file:, rtsp:, http: or https:",
  video:
    "a file path, file:, rtsp:, http:, https:, v4l2:///dev/videoN, argus://N or test://PATTERN",
  audio:
    "a file path, file:, rtsp:, http:, https:, alsa://DEVICE, pulse://, test://WAVE or silence://",
} as const;

/**
 * Reads what stands under a source key; a relative path counts from `folder`.
 *
 * @throws {CaptureError} with the key's path when the text names no source of that key, or a file that is not there.
 */
export function parseSourceUrl(text: string, key: SourceKey, folder: string): SourceUrl {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1].toLowerCase();
  const rest = scheme === undefined ? text : text.slice(scheme.length + 1).replace(/^\/\//, "");
  const wrong = (must: string) => {
    throw new CaptureError(
      `Cannot use source.${key}: it must be ${must}, got ${maskSecrets(text)}`,
      ["source", key],
    );
  };
  switch (scheme) {
    case undefined:
    case "file":
      return existingFile(
        localPath(folder, text) ?? wrong("a path, file:PATH or file:///PATH"),
        key,
      );
    case "rtsp":
    case "rtspt":
    case "rtspu":
    case "rtsps":
      return { kind: "rtsp", url: checkedUrl(text) ?? wrong("rtsp://HOST[:PORT]/PATH") };
    case "http":
    case "https":
      return {
        kind: "http",
        url: checkedUrl(text) ?? wrong("http://HOST[:PORT]/PATH"),
        live: !MEDIA_FILE.test(new URL(text).pathname),
      };
    case "v4l2":
      if (key !== "video") break;
      if (!/^\/dev\/\S+$/.test(rest)) return wrong("v4l2:///dev/videoN");
      return { kind: "v4l2", device: rest };
    case "argus":
      if (key !== "video") break;
      if (!/^\d+$/.test(rest)) return wrong("argus://N, N a sensor number such as 0");
      return { kind: "argus", sensor: Number(rest) };
    case "alsa":
      if (key !== "audio") break;
      return { kind: "alsa", device: rest === "" ? "default" : rest };
    case "pulse":
      if (key !== "audio") break;
      return { kind: "pulse", device: rest };
    case "silence":
      if (key !== "audio") break;
      if (rest !== "") return wrong("silence:// and nothing after it");
      return { kind: "wave", wave: "silence" };
    case "test":
      if (key === "video") {
        if (!PATTERNS.some((name) => name === rest)) return wrong(`test:// and ${list(PATTERNS)}`);
        return { kind: "pattern", pattern: rest };
      }
      if (key === "audio") {
        if (!WAVES.some((name) => name === rest)) return wrong(`test:// and ${list(WAVES)}`);
        return { kind: "wave", wave: rest };
      }
  }
  return wrong(KINDS[key]);
}

function list(names: readonly string[]): string {
  return `one of ${names.join(", ")}`;
}

function checkedUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return url === null || url.hostname === "" || /["\\\s]/.test(text) ? undefined : text;
}

function localPath(folder: string, text: string): string | undefined {
  try {
    return resolvePath(folder, text);
  } catch {
    return undefined;
  }
}

function existingFile(file: string, key: SourceKey): SourceUrl {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(file);
  } catch {
    throw new CaptureError(`Cannot open ${file}: no such file`, ["source", key]);
  }
  if (info.isDirectory) {
    throw new CaptureError(`Cannot open ${file}: it is a folder`, ["source", key]);
  }
  return { kind: "file", file };
}
