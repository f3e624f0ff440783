import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { Uint8ArrayReader, ZipWriter } from "@zip.js/zip.js";
import { findNodeLibrary } from "../../../src/model/runtime/node_library.ts";

/** This machine's part of a wheel's file name. */
export const PLATFORM = `manylinux_2_17_${Deno.build.arch}`;

/** A wheel's content: paths and bytes. */
export type WheelFiles = Record<string, Uint8Array<ArrayBuffer>>;

/** The files of a wheel with the ONNX Runtime that is installed with Whence. */
export async function realFiles(): Promise<WheelFiles> {
  const library = findNodeLibrary();
  return {
    [`onnxruntime/capi/${basename(library)}`]: await Deno.readFile(library),
    "onnxruntime/capi/onnxruntime_pybind11_state.so": new Uint8Array([1, 2, 3]),
    "onnxruntime/LICENSE": new TextEncoder().encode("MIT"),
  };
}

/**
 * Writes a wheel with a RECORD.
 *
 * @param record changes of its lines.
 * @returns its path.
 */
export async function makeWheel(
  folder: string,
  name: string,
  files: WheelFiles,
  record: (line: string) => string = (line) => line,
): Promise<string> {
  const path = join(folder, name);
  using out = await Deno.create(path);
  const zip = new ZipWriter(
    new WritableStream({
      async write(chunk: Uint8Array) {
        for (let at = 0; at < chunk.length;) at += await out.write(chunk.subarray(at));
      },
    }),
    { level: 0, useWebWorkers: false },
  );
  const lines: string[] = [];
  for (const [file, bytes] of Object.entries(files)) {
    const hash = createHash("sha256").update(bytes).digest("base64url");
    lines.push(record(`${file},sha256=${hash},${bytes.length}\n`));
    await zip.add(file, new Uint8ArrayReader(bytes));
  }
  const text = new TextEncoder().encode(lines.join(""));
  const [distribution, version] = name.split("-");
  await zip.add(`${distribution}-${version}.dist-info/RECORD`, new Uint8ArrayReader(text));
  await zip.close();
  return path;
}
