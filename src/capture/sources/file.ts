import { z } from "zod";
import { fileFaultSync } from "../../core/file_fault.ts";
import { resolvePath } from "../../core/paths.ts";
import { quoted } from "../launch_text.ts";
import type { SourceDescriptor, SourceForm } from "../source.ts";
import { decoded } from "../source_bin.ts";

interface FileAddress {
  readonly path: string;
}

const DEMUXERS: Readonly<Record<string, string>> = {
  mkv: "matroskademux",
  webm: "matroskademux",
  mp4: "qtdemux",
  mov: "qtdemux",
  m4a: "qtdemux",
  avi: "avidemux",
  wav: "wavparse",
  ogg: "oggdemux",
  ts: "tsdemux",
};

const form: SourceForm<FileAddress> = {
  usage: ["a file path", "file:"],
  example: "clip.mkv",
  address: z.string().refine(isPath, "must be a path, file:PATH or file:///PATH")
    .transform((path) => ({ path })),
};

/** A recording on this machine. */
export const file: SourceDescriptor<FileAddress> = {
  schemes: ["", "file"],
  forms: { uri: form, video: form, audio: form },
  packages: { filesrc: "libgstreamer1.0-0" },
  picture: { tagged: true, decoded: "any" },
  setup: ["filesrc", "decodebin", "opusdec", "matroskademux", "qtdemux", "avdec_h264", "avdec_aac"],
  endless: () => "no",
  locate: ({ path }, folder) => ({ path: resolvePath(folder, path) }),
  absent({ path }) {
    const what = fileFaultSync(path);
    return what === undefined ? undefined : `Cannot open ${path}: ${what}`;
  },
  reach: ({ path }) => ({ read: [path] }),
  launch: ({ path }, request) =>
    decoded(`filesrc name=${request.name} location=${quoted(path)}`, request),
  laterElements({ path }) {
    const demuxer = DEMUXERS[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
    return demuxer === undefined ? [] : [demuxer];
  },
  probe({ path }) {
    const what = fileFaultSync(path);
    return Promise.resolve(
      what === undefined ? { status: "ok", detail: path } : { status: "missing", detail: what },
    );
  },
};

function isPath(text: string): boolean {
  try {
    resolvePath("/", text);
    return true;
  } catch {
    return false;
  }
}
