import { type FileHandle, open } from "node:fs/promises";
import { zstdCompressSync } from "node:zlib";
import { McapWriter } from "@mcap/core";
import { type ChannelName, channelsOf, type FoxgloveChannel } from "../foxglove/channels.ts";
import type { Compression } from "./compression.ts";
import type { FoxgloveMessage } from "../foxglove/foxglove_encoder.ts";

/** Uncompressed bytes of a chunk: what a killed process loses at most. */
const CHUNK_BYTES = 256 * 1024;
/** MCAP's well-known encodings. */
const ENCODING = { message: "json", schema: "jsonschema" } as const;
const text = new TextEncoder();

/**
 * One MCAP file with the Foxglove channels of a pipeline: chunks with CRCs, indexes and statistics at the end. A file whose
 * process was killed has no index, but every chunk before the last one can be read.
 */
export class McapFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #writer: McapWriter;
  readonly #channels: Readonly<Record<ChannelName, FoxgloveChannel>>;
  readonly #ids = new Map<ChannelName, number>();
  readonly #counts = new Map<ChannelName, number>();

  private constructor(path: string, file: FileHandle, writer: McapWriter, pipeline: string) {
    this.path = path;
    this.#file = file;
    this.#writer = writer;
    this.#channels = channelsOf(pipeline);
  }

  /** Creates the file. @throws {Error} of the system, also if it exists. */
  static async create(
    path: string,
    pipeline: string,
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
    await writer.start({ profile: "", library: "whence" });
    return new McapFile(path, file, writer, pipeline);
  }

  /** Writes a message. Wait for each call before the next one. */
  async write({ channel, epochNs, data }: FoxgloveMessage): Promise<void> {
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

  async #register(name: ChannelName): Promise<number> {
    const { topic, schemaName, schema } = this.#channels[name];
    const schemaId = await this.#writer.registerSchema({
      name: schemaName,
      encoding: ENCODING.schema,
      data: text.encode(schema),
    });
    const id = await this.#writer.registerChannel({
      topic,
      schemaId,
      messageEncoding: ENCODING.message,
      metadata: new Map(),
    });
    this.#ids.set(name, id);
    return id;
  }
}
