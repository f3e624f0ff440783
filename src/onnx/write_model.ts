import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { encodeModel, type ExternalRange } from "./encode.ts";
import type { Graph } from "./graph.ts";
import { bytesOf, type TensorData } from "./tensor.ts";

/** How a model file is laid out. */
export interface WriteOptions {
  /** Constants go to a separate file if together they have more bytes than this (default 1.5e9). */
  readonly externalDataAbove?: number;
  /** Stops between two constants. */
  readonly signal?: AbortSignal;
  /** Called with the number of bytes of constants that have been written. */
  readonly onProgress?: (written: number, total: number) => void;
}

/** One file that `writeModel` wrote. */
export interface WrittenFile {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

const EXTERNAL_DATA_ABOVE = 1.5e9;
const PAGE = 4096;
/** Smaller constants (shapes, biases) stay in the model, where shape inference can see them. */
const EXTERNAL_MIN = 1024;

/**
 * Writes a graph as `path`, reading lazy constants one at a time.
 *
 * Above `externalDataAbove` the large constants go to `path` + `.data` (ONNX external data, each on
 * a page boundary), because a protobuf message is limited to 2 GB.
 *
 * @returns the model file and the data file, if there is one.
 */
export async function writeModel(
  path: string,
  graph: Graph,
  options: WriteOptions = {},
): Promise<WrittenFile[]> {
  const total = graph.initializers.reduce((sum, i) => sum + i.tensor.data.byteLength, 0);
  let written = 0;
  const count = (bytes: number) => options.onProgress?.(written += bytes, total);
  const external = new Map<string, ExternalRange>();
  const files: WrittenFile[] = [];

  if (total > (options.externalDataAbove ?? EXTERNAL_DATA_ABOVE)) {
    const location = `${basename(path)}.data`;
    await using sink = await FileSink.create(join(dirname(path), location));
    for (const { name, tensor } of graph.initializers) {
      if (tensor.data.byteLength < EXTERNAL_MIN) continue;
      options.signal?.throwIfAborted();
      await sink.pad(PAGE);
      external.set(name, { location, offset: sink.bytes });
      await sink.write(bytesOf(tensor));
      count(tensor.data.byteLength);
    }
    files.push(sink.finish());
  }

  await using sink = await FileSink.create(path);
  for (const segment of encodeModel(graph, external).segments) {
    options.signal?.throwIfAborted();
    if (segment instanceof Uint8Array) {
      await sink.write(segment);
    } else {
      await sink.write(bytesOf(segment as TensorData));
      count(segment.data.byteLength);
    }
  }
  return [sink.finish(), ...files];
}

/** A file being written, with its hash kept up to date. */
class FileSink implements AsyncDisposable {
  readonly #hash = createHash("sha256");
  #bytes = 0;

  private constructor(readonly path: string, readonly file: Deno.FsFile) {}

  static async create(path: string): Promise<FileSink> {
    return new FileSink(path, await Deno.open(path, { write: true, create: true, truncate: true }));
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#bytes += bytes.byteLength;
    for (let at = 0; at < bytes.byteLength;) at += await this.file.write(bytes.subarray(at));
  }

  async pad(boundary: number): Promise<void> {
    const rest = this.#bytes % boundary;
    if (rest !== 0) await this.write(new Uint8Array(boundary - rest));
  }

  finish(): WrittenFile {
    return { file: basename(this.path), sha256: this.#hash.digest("hex"), bytes: this.#bytes };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.file.close();
    return Promise.resolve();
  }
}
