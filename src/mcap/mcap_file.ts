import { type FileHandle, open } from "node:fs/promises";
import { zstdCompressSync } from "node:zlib";
import { McapWriter } from "@mcap/core";
import type { Compression } from "./compression.ts";
import type { McapChannel, McapMessage, McapProfile } from "./mcap_profile.ts";

/** Uncompressed bytes of a chunk: what a killed process loses at most. */
const CHUNK_BYTES = 256 * 1024;
const text = new TextEncoder();

/**
 * One MCAP file with the channels of a pipeline: chunks with CRCs, indexes and statistics at the end. A file whose
 * process was killed has no index, but every chunk before the last one can be read.
 */
export class McapFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #writer: McapWriter;
  readonly #channels: Readonly<Record<string, McapChannel>>;
  readonly #ids = new Map<string, number>();
  readonly #counts = new Map<string, number>();

  private constructor(
    path: string,
    file: FileHandle,
    writer: McapWriter,
    channels: Readonly<Record<string, McapChannel>>,
  ) {
    this.path = path;
    this.#file = file;
    this.#writer = writer;
    this.#channels = channels;
  }

  /** Creates the file. @throws {Error} of the system, also if it exists. */
  static async create(
    path: string,
    pipeline: string,
    profile: McapProfile,
    compression: Compression = "zstd",
  ): Promise<McapFile> {
    const file = await open(path, "wx");
    let position = 0;
    const writer = new McapWriter({
      chunkSize: CHUNK_BYTES,
      compressChunk: compression === "none" ? undefined : (data) => ({
        compression,
        compressedData: zstdCompressSync(data),
      }),
      writable: {
        position: () => BigInt(position),
        write: async (bytes) => {
          // appendFile repeats short writes.
          await file.appendFile(bytes);
          position += bytes.length;
        },
      },
    });
    await writer.start({ profile: profile.header, library: "whence" });
    return new McapFile(path, file, writer, profile.channels(pipeline));
  }

  /** Writes a message. Wait for each call before the next one. */
  async write({ channel, epochNs, data }: McapMessage): Promise<void> {
    const sequence = this.#counts.get(channel) ?? 0;
    this.#counts.set(channel, sequence + 1);
    await this.#writer.addMessage({
      channelId: this.#ids.get(channel) ?? await this.#register(channel),
      sequence,
      logTime: epochNs,
      publishTime: epochNs,
      data,
    });
  }

  /** Writes the index and closes the file. */
  async close(): Promise<void> {
    try {
      await this.#writer.end();
      await this.#file.sync();
    } finally {
      await this.#file.close();
    }
  }

  /** Closes a file that cannot be written any more; what it has can be recovered. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {});
  }

  async #register(name: string): Promise<number> {
    const { topic, schemaName, schema, schemaEncoding, messageEncoding } = this.#channels[name];
    const schemaId = await this.#writer.registerSchema({
      name: schemaName,
      encoding: schemaEncoding,
      data: text.encode(schema),
    });
    const id = await this.#writer.registerChannel({
      topic,
      schemaId,
      messageEncoding,
      metadata: new Map(),
    });
    this.#ids.set(name, id);
    return id;
  }
}
