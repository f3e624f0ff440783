import type { PictureSize } from "../../core/fit_geometry.ts";
import type { BusMessage } from "../bus.ts";
import type { Sample } from "../capture_pipeline.ts";
import type { CapturePlan } from "../plan.ts";

/** A queue of samples: frames, sound, camera pictures. */
export type Channel = "video" | "audio" | "pictures";

/** What a capture process is asked for: one JSON object a line on its standard input; its end means "stop". */
export type Request =
  | {
    readonly kind: "open";
    readonly plan: CapturePlan;
    readonly timeoutMs: number;
    readonly starvedAfterMs: number;
    /** Room for buffers at the start; without it, everything is sent at once. */
    readonly room?: Readonly<Record<"video" | "audio", number>>;
    /** Depths of the appsinks. */
    readonly depth: Readonly<Record<Channel, number>>;
  }
  /** The reader has room for so many more buffers; sent only if the source waits for its reader. */
  | { readonly kind: "room"; readonly stream: "video" | "audio"; readonly count: number }
  | { readonly kind: "encode"; readonly on: boolean };

/** What a capture process reports besides samples. */
export type Report =
  | {
    readonly kind: "started";
    readonly epochZeroNs: string;
    readonly durationNs?: number;
    /** A hardware decoder of the plan that is in use. */
    readonly using?: string;
  }
  | {
    readonly kind: "failed";
    readonly message: string;
    readonly path: readonly string[];
    readonly permanent: boolean;
    /** A hardware decoder of the plan that was in use. */
    readonly using?: string;
  }
  | { readonly kind: "bus"; readonly message: BusMessage; readonly using?: string }
  /** A message of the bus as another binding gives it. */
  | { readonly kind: "raw"; readonly message: Readonly<Record<string, unknown>> }
  | { readonly kind: "picture"; readonly size: PictureSize }
  | { readonly kind: "dropped"; readonly video: number; readonly audio: number }
  | { readonly kind: "ended"; readonly stream: "video" | "audio" };

/** A message of a capture process. */
export type Message = Report | { readonly kind: "sample"; readonly to: Channel; sample: Sample };

/**
 * Each message begins with its payload's length (uint32), its type (uint32; 0: a report in JSON, else a channel) and, of
 * samples, the time stamp (float64, ns; NaN for none); little-endian.
 */
const HEADER = 16;
const CHANNELS = ["video", "audio", "pictures"] as const;
const REPORT = 0;
/** Length of a payload, at most: more than any frame, picture or report has. */
const MAX_LENGTH = 1 << 28;

/** The bytes of messages, one after the other. */
export function encodeMessages(messages: readonly Message[]): Uint8Array<ArrayBuffer> {
  const parts = messages.map((message) =>
    message.kind === "sample"
      ? message.sample.data
      : new TextEncoder().encode(JSON.stringify(message))
  );
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + HEADER + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [index, message] of messages.entries()) {
    const sample = message.kind === "sample" ? message : undefined;
    view.setUint32(at, parts[index].length, true);
    view.setUint32(at + 4, sample ? CHANNELS.indexOf(sample.to) + 1 : REPORT, true);
    view.setFloat64(at + 8, sample?.sample.ptsNs ?? NaN, true);
    bytes.set(parts[index], at + HEADER);
    at += HEADER + parts[index].length;
  }
  return bytes;
}

/** Reads messages from bytes that arrive in pieces of any length. */
export class MessageReader {
  readonly #header = new Uint8Array(HEADER);
  readonly #view = new DataView(this.#header.buffer);
  #headerFill = 0;
  #payload: Uint8Array<ArrayBuffer> | undefined;
  #payloadFill = 0;

  /**
   * The messages that are complete with these bytes.
   *
   * @throws {RangeError | SyntaxError} if they are no messages.
   */
  *read(bytes: Uint8Array): Generator<Message> {
    for (let at = 0; at < bytes.length || this.#complete();) {
      if (this.#payload === undefined) {
        const part = bytes.subarray(at, at + HEADER - this.#headerFill);
        this.#header.set(part, this.#headerFill);
        this.#headerFill += part.length;
        at += part.length;
        if (this.#headerFill < HEADER) return;
        this.#payload = new Uint8Array(this.#length());
        this.#payloadFill = 0;
      }
      const part = bytes.subarray(at, at + this.#payload.length - this.#payloadFill);
      this.#payload.set(part, this.#payloadFill);
      this.#payloadFill += part.length;
      at += part.length;
      if (this.#complete()) yield this.#take();
    }
  }

  /** Length of the payload that the header announces. */
  #length(): number {
    const length = this.#view.getUint32(0, true);
    const type = this.#view.getUint32(4, true);
    if (length > MAX_LENGTH || type > CHANNELS.length) throw new RangeError("no valid header");
    return length;
  }

  #complete(): boolean {
    return this.#payload !== undefined && this.#payloadFill === this.#payload.length;
  }

  #take(): Message {
    const data = this.#payload!;
    const type = this.#view.getUint32(4, true);
    const ptsNs = this.#view.getFloat64(8, true);
    this.#payload = undefined;
    this.#headerFill = 0;
    if (type === REPORT) return JSON.parse(new TextDecoder().decode(data));
    const sample = { ptsNs: Number.isNaN(ptsNs) ? undefined : ptsNs, data };
    return { kind: "sample", to: CHANNELS[type - 1], sample };
  }
}
