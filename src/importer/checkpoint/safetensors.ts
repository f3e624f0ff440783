import { z } from "zod";
import { fileFaultSync } from "../../core/file_fault.ts";
import { ImportError } from "../import_error.ts";
import { duplicateKey } from "./json_keys.ts";

const BYTES = { F32: 4, F16: 2, BF16: 2, I64: 8 } as const;
const entrySchema = z.object({
  dtype: z.enum(["F32", "F16", "BF16", "I64"]),
  shape: z.array(z.int().min(0)).max(8),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

/** One tensor's type, shape and place in the file. */
export interface TensorEntry {
  readonly dtype: keyof typeof BYTES;
  readonly shape: readonly number[];
  /** Byte range inside the file's data part. */
  readonly range: readonly [number, number];
}

// The format's own limit; a larger number means a damaged or hostile file.
const MAX_HEADER = 100_000_000;

/**
 * A safetensors file, opened and checked; values are read one tensor at a time.
 *
 * Format: 8 bytes header length (little-endian), a JSON header, then the data without holes
 * (https://github.com/huggingface/safetensors, "Format").
 */
export class SafetensorsFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #dataStart: number;
  readonly tensors: ReadonlyMap<string, TensorEntry>;

  private constructor(file: Deno.FsFile, dataStart: number, tensors: Map<string, TensorEntry>) {
    this.#file = file;
    this.#dataStart = dataStart;
    this.tensors = tensors;
  }

  /**
   * Opens `path` and checks its header: sizes, overlaps, holes, element types, names.
   *
   * @throws {ImportError} naming the file and what is wrong with it.
   */
  static open(path: string): SafetensorsFile {
    const fault = fileFaultSync(path);
    if (fault) throw new ImportError(`Cannot read ${path}: it must be a readable file (${fault})`);
    const file = Deno.openSync(path);
    try {
      const size = file.statSync().size;
      const length = headerLength(path, file, size);
      const tensors = parseHeader(path, readAt(file, 8, length), size - 8 - length);
      return new SafetensorsFile(file, 8 + length, tensors);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Reads one tensor as float32, whatever its stored type.
   *
   * @throws {ImportError} when the tensor is missing or holds values that are not finite.
   */
  read(name: string): Float32Array<ArrayBuffer> {
    const entry = this.tensors.get(name);
    if (!entry) throw new ImportError(`Cannot read tensor ${name}: the file must hold it`);
    const [start, end] = entry.range;
    const values = toFloat32(readAt(this.#file, this.#dataStart + start, end - start), entry.dtype);
    // A sum is not finite when one of its terms is not, and costs less than a test of each.
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i];
    if (!Number.isFinite(sum)) {
      throw new ImportError(`Cannot use tensor ${name}: its values must be finite numbers`);
    }
    return values;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function headerLength(path: string, file: Deno.FsFile, size: number): number {
  const bytes = size < 8 ? new Uint8Array(8) : readAt(file, 0, 8);
  if ((bytes[0] === 0x50 && bytes[1] === 0x4b) || (bytes[0] === 0x80 && bytes[7] !== 0)) {
    throw new ImportError(pickleMessage(path));
  }
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  if (length < 2 || length > Math.min(size - 8, MAX_HEADER)) {
    throw new ImportError(
      `Cannot read ${path}: a safetensors header must fit the file (${size} bytes), got a header of ${length} bytes; the download may be incomplete`,
    );
  }
  return length;
}

/** Why a pickle is refused and where the same weights are without one. */
export function pickleMessage(path: string): string {
  return `Cannot import ${path}: weights must be safetensors, got a PyTorch pickle, which can run code when it is read; ` +
    "the published models have model.safetensors at https://huggingface.co/mhamilton723";
}

function parseHeader(path: string, bytes: Uint8Array, dataSize: number): Map<string, TensorEntry> {
  const fail = (what: string, cause?: unknown) =>
    new ImportError(`Cannot read ${path}: ${what}`, { cause });
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw fail("the header must be JSON", cause);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw fail("the header must be a JSON object");
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw fail(`each tensor must appear once, got ${shown(twice)} twice`);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const result = entrySchema.safeParse(value);
    if (!result.success) {
      const { path: at, message } = result.error.issues[0];
      throw fail(`tensor ${shown(name)}: ${at.join(".") || "entry"}: ${message}`);
    }
    const { dtype, shape, data_offsets: range } = result.data;
    const wanted = shape.reduce((product, dim) => product * dim, BYTES[dtype]);
    if (range[1] - range[0] !== wanted) {
      throw fail(
        `tensor ${shown(name)}: ${dtype} [${shape}] must have ${wanted} bytes, got ${
          range[1] - range[0]
        }`,
      );
    }
    if (range[1] > dataSize) {
      throw fail(
        `tensor ${shown(name)} must end within the file's ${dataSize} bytes of data, got ${
          range[1]
        }; the download may be incomplete`,
      );
    }
    tensors.set(name, { dtype, shape, range });
  }
  let end = 0;
  for (const [name, { range }] of [...tensors].sort(([, a], [, b]) => a.range[0] - b.range[0])) {
    if (range[0] === range[1]) continue;
    if (range[0] !== end) {
      throw fail(
        `tensor ${shown(name)} must start where the one before ends (${end}), got ${
          range[0]
        }: tensors overlap or leave holes`,
      );
    }
    end = range[1];
  }
  if (end !== dataSize) throw fail(`the tensors must fill ${dataSize} bytes of data, got ${end}`);
  return tensors;
}

/** A name from a file, escaped and short enough for one line of an error. */
function shown(name: string): string {
  const text = JSON.stringify(name.length > 100 ? `${name.slice(0, 97)}...` : name);
  return text.slice(1, -1);
}

function readAt(file: Deno.FsFile, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let at = 0; at < length;) {
    const count = file.readSync(bytes.subarray(at));
    if (count === null) {
      throw new ImportError(
        `Cannot read the weights: the file must have ${offset + length} bytes, got ${
          offset + at
        }; it changed while being read`,
      );
    }
    at += count;
  }
  return bytes;
}

function toFloat32(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: TensorEntry["dtype"],
): Float32Array<ArrayBuffer> {
  switch (dtype) {
    case "F32":
      return new Float32Array(bytes.buffer);
    case "F16":
      return Float32Array.from(new Float16Array(bytes.buffer));
    case "BF16": {
      // bfloat16 is float32's upper half.
      const wide = new Uint32Array(bytes.byteLength / 2);
      const halves = new Uint16Array(bytes.buffer);
      for (let i = 0; i < halves.length; i++) wide[i] = halves[i] << 16;
      return new Float32Array(wide.buffer);
    }
    case "I64":
      return Float32Array.from(new BigInt64Array(bytes.buffer), Number);
  }
}
