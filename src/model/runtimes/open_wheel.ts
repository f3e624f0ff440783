import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { configure, type FileEntry, Reader, ZipReader } from "@zip.js/zip.js";
import { ModelError } from "../manifest.ts";

// A worker's start costs more than it saves, and needs further permissions.
configure({ useWebWorkers: false });

/** Shared libraries of ONNX Runtime inside a wheel; the Python module is not needed. */
const LIBRARY = /^onnxruntime\/capi\/libonnxruntime[\w.]*\.so[\d.]*$/;
const NOTICE = /^onnxruntime\/(LICENSE|ThirdPartyNotices\.txt)$/;

/** A file, read in pieces. */
class FileReader extends Reader<Deno.FsFile> {
  readonly #file: Deno.FsFile;

  constructor(file: Deno.FsFile) {
    super(file);
    this.#file = file;
  }

  override async init(): Promise<void> {
    await super.init?.();
    this.size = (await this.#file.stat()).size;
  }

  override async readUint8Array(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(length, this.size - offset));
    await this.#file.seek(offset, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const count = await this.#file.read(bytes.subarray(at));
      if (count === null) throw new Error("the file ends early");
      at += count;
    }
    return bytes;
  }
}

/**
 * Unpacks ONNX Runtime's libraries and licenses from a wheel, and compares each with its SHA-256 in the wheel's RECORD.
 *
 * @param folder an existing folder.
 * @returns names of the libraries.
 * @throws {ModelError} when the file is no wheel of ONNX Runtime or is damaged.
 */
export async function unpackWheel(
  path: string,
  folder: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<string[]> {
  const name = basename(path);
  using file = await Deno.open(path);
  const zip = new ZipReader(new FileReader(file));
  const entries = (await zip.getEntries().catch((cause) => {
    throw new ModelError(`Cannot install ${name}: it must be a wheel (a zip file)`, { cause });
  })).filter((entry) => !entry.directory);
  const record = entries.find(({ filename }) => /^[^/]+\.dist-info\/RECORD$/.test(filename));
  const libraries = entries.filter(({ filename }) => LIBRARY.test(filename));
  if (!libraries.some(({ filename }) => isMainLibrary(basename(filename)))) {
    throw new ModelError(
      `Cannot install ${name}: it must contain onnxruntime/capi/libonnxruntime.so.VERSION`,
    );
  }
  if (record === undefined) throw new ModelError(`Cannot install ${name}: it has no RECORD`);
  const hashes = parseRecord(await textOf(record));
  const wanted = [...libraries, ...entries.filter(({ filename }) => NOTICE.test(filename))];
  const total = wanted.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  let done = 0;
  for (const entry of wanted) {
    const target = join(folder, basename(entry.filename));
    const hash = await unpack(entry, target, (bytes) => onProgress(done += bytes, total))
      .catch((cause) => {
        throw new ModelError(`Cannot install ${name}: ${entry.filename} is damaged`, { cause });
      });
    const expected = hashes.get(entry.filename);
    if (hash !== expected) {
      throw new ModelError(
        `Cannot install ${name}: ${entry.filename} must have the SHA-256 ${
          expected ?? "that RECORD lacks"
        }, got ${hash}`,
      );
    }
  }
  await zip.close();
  return libraries.map(({ filename }) => basename(filename));
}

/** Whether a file is ONNX Runtime's own library, not a provider's. */
export function isMainLibrary(file: string): boolean {
  return /^libonnxruntime\.so(\.\d+)*$/.test(file);
}

async function textOf(entry: FileEntry): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  await entry.getData(
    new WritableStream({
      write(chunk: Uint8Array<ArrayBuffer>) {
        chunks.push(chunk);
      },
    }),
  );
  return await new Blob(chunks).text();
}

/** @returns SHA-256 of the content as base64url, as RECORD has it. */
async function unpack(
  entry: FileEntry,
  target: string,
  onBytes: (count: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  using out = await Deno.create(target);
  await entry.getData(
    new WritableStream({
      async write(chunk: Uint8Array) {
        hash.update(chunk);
        onBytes(chunk.length);
        for (let at = 0; at < chunk.length;) at += await out.write(chunk.subarray(at));
      },
    }),
    { checkSignature: true },
  );
  return hash.digest("base64url");
}

/** Lines `path,sha256=HASH,size`; a path with a comma is quoted and never one of ours. */
function parseRecord(text: string): Map<string, string> {
  const lines = text.split("\n").map((line) => /^([^,"]+),sha256=([\w-]+),/.exec(line));
  return new Map(lines.filter((match) => match !== null).map(([, path, hash]) => [path, hash]));
}
