import type { z } from "zod";
import type { Finding } from "../core/finding.ts";
import type { FrameFormat } from "./sink_bin.ts";

/** A stream of a source. */
export type Stream = "video" | "audio";

/** Keys of the `source` block that name a source. */
export const SOURCE_KEYS = ["uri", "video", "audio", "graph"] as const;
/** A key of the `source` block that names a source; `uri` and `graph` name both streams at once. */
export type SourceKey = typeof SOURCE_KEYS[number];

/**
 * What a stream does when left running: `no` reaches its own end (a file), `device` ends only by failing (a camera),
 * `generated` ends with the stream beside it (a test pattern).
 */
export type Endless = "no" | "device" | "generated";

/** A camera or microphone of this machine. */
export interface Device {
  readonly kind: "camera" | "microphone";
  /** The value for `source.video` or `source.audio`. */
  readonly url: string;
  /** The driver's name for it. */
  readonly name: string;
}

/** The result of a source's quick look at a device, a host or a file. */
export type Probe = Pick<Finding, "status" | "detail">;

/** What a source's launch text must do. */
export interface LaunchRequest {
  /** The streams to bring in. */
  readonly streams: readonly Stream[];
  /** Name of the source's first element, and prefix of the others' names: error messages are traced back by it. */
  readonly name: string;
  /** Whether a generator of test data keeps to the clock. */
  readonly live: boolean;
  readonly format: FrameFormat;
  /** Launch text that takes a stream's raw data to its appsink; must be used once for each of `streams`. */
  tail(stream: Stream): string;
}

/** What a source accepts under one key. */
export interface SourceForm<Address> {
  /** What help texts and errors list, such as `v4l2:///dev/videoN`. */
  readonly usage: readonly string[];
  /** A valid value; the elements that it needs are the usual ones of this source. */
  readonly example: string;
  /** Reads the value as written; messages begin with "must be". */
  readonly address: z.ZodType<Address, string>;
}

/** One kind of source. Everything that is particular to it is in the file that declares it. */
export interface SourceDescriptor<Address = unknown> {
  /** Schemes of its URLs, such as `rtsp`; an empty one means a value without a scheme. */
  readonly schemes: readonly string[];
  /** The keys that it serves. */
  readonly forms: Partial<Readonly<Record<SourceKey, SourceForm<Address>>>>;
  /** Whether opening it again may help after it failed, although it has an end of its own. */
  readonly reopens?: boolean;
  /** Properties of its pictures. */
  readonly picture?: {
    /** They may carry an orientation tag (phone clips). */
    readonly tagged?: boolean;
    /** On a Jetson they may be in video memory. */
    readonly videoMemory?: boolean;
    /** Its launch text already names the element that shows the picture's size. */
    readonly measured?: boolean;
  };
  /** Debian packages (on a Jetson: L4T) of the elements that are particular to this source. */
  readonly packages?: Readonly<Record<string, string>>;
  /** Elements whose packages `setup` installs so that this source works at once. */
  readonly setup?: readonly string[];
  endless(address: Address): Endless;
  /** Makes relative paths absolute. */
  locate?(address: Address, folder: string): Address;
  /** One line if what the address names is not on this machine: "Cannot open FILE: no such file". */
  absent?(address: Address): string | undefined;
  /** Launch text from the source to the end of the tail of each requested stream. */
  launch(address: Address, request: LaunchRequest): string;
  /** Elements that GStreamer adds to the launch text at run time. */
  laterElements?(address: Address): readonly string[];
  /** Looks whether the source is there, without opening it; takes a few seconds at most. */
  probe(address: Address): Promise<Probe>;
  /**
   * The devices of this machine that it can open.
   *
   * @param root where `sys` and `proc` are mounted.
   */
  devices?(root: string): readonly Device[];
}
