import { WireType } from "@bufbuild/protobuf/wire";
import { fileFaultSync } from "../core/file_fault.ts";

const CHUNK = 64 * 1024;

/** Reads a protobuf file without holding it in memory; fields that are not used are skipped. */
export class FileCursor implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  /** Size of the file in bytes. */
  readonly size: number;
  #chunk = new Uint8Array(0);
  #chunkStart = 0;
  #position = 0;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
    this.size = file.statSync().size;
  }

  /** @throws {RangeError} when `path` is not a readable file. */
  static open(path: string): FileCursor {
    const fault = fileFaultSync(path);
    if (fault) throw new RangeError(`Cannot read ${path}: ${fault}`);
    return new FileCursor(path, Deno.openSync(path));
  }

  get position(): number {
    return this.#position;
  }

  /**
   * Reads the fields up to `end`.
   *
   * `read` gets the field's number and, for one with a length, that length, with the cursor at the
   * value; it reads the whole value and returns true, or returns false to skip it.
   */
  fields(end: number, read: (field: number, length: number | undefined) => boolean): void {
    while (this.#position < end) {
      const tag = this.varint();
      const [field, type] = [Math.floor(tag / 8), tag % 8];
      if (type === WireType.LengthDelimited) {
        const length = this.varint();
        const next = this.#position + length;
        if (next > end) throw this.damaged();
        if (read(field, length) && this.#position !== next) throw this.damaged();
        this.#position = next;
      } else if (type === WireType.Varint) {
        if (!read(field, undefined)) this.varint();
      } else if (type === WireType.Bit32 || type === WireType.Bit64) {
        this.#position += type === WireType.Bit32 ? 4 : 8;
      } else {
        throw this.damaged();
      }
    }
    if (this.#position !== end) throw this.damaged();
  }

  /** An integer below 2^53. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 56; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw this.damaged();
  }

  /** The next `length` bytes. */
  bytes(length: number): Uint8Array {
    const result = new Uint8Array(length);
    this.#file.seekSync(this.#position, Deno.SeekMode.Start);
    for (let at = 0; at < length;) {
      const count = this.#file.readSync(result.subarray(at));
      if (count === null) throw this.damaged();
      at += count;
    }
    this.#position += length;
    return result;
  }

  #byte(): number {
    const at = this.#position - this.#chunkStart;
    if (at < 0 || at >= this.#chunk.length) {
      this.#chunk = this.#readChunk();
      this.#chunkStart = this.#position;
      if (this.#chunk.length === 0) throw this.damaged();
    }
    return this.#chunk[this.#position++ - this.#chunkStart];
  }

  #readChunk(): Uint8Array<ArrayBuffer> {
    const chunk = new Uint8Array(CHUNK);
    this.#file.seekSync(this.#position, Deno.SeekMode.Start);
    return chunk.subarray(0, this.#file.readSync(chunk) ?? 0);
  }

  /** The one-line error for a file that is not an ONNX model. */
  damaged(cause?: unknown): RangeError {
    return new RangeError(
      `Cannot read ${this.#path}: it must be an ONNX model, got a damaged file at byte ${this.#position}`,
      { cause },
    );
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
