import type { z } from "zod";
import type { Finding } from "../core/finding.ts";
import type { Reach } from "../core/reach.ts";
import type { FrameFormat } from "./sink_bin.ts";

/** A stream of a source. */
export type Stream = "video" | "audio";

/** Keys of the `source` block that name a source. */
export const SOURCE_KEYS = ["uri", "video", "audio", "graph"] as const;
/** A key of the `source` block that names a source; `uri` and `graph` name both streams at once. */
export type SourceKey = typeof SOURCE_KEYS[number];

/**
 * Whether a stream has an end: `no`: it ends by itself (a file); `device`: it only ends by failing (a camera); `generated`: it
 * ends with the other stream (a test pattern).
 */
export type Endless = "no" | "device" | "generated";

/** A camera or microphone of this machine. */
export interface Device {
  readonly kind: "camera" | "microphone";
  /** The value for `source.video` or `source.audio`. */
  readonly url: string;
  /** Name given by its driver. */
  readonly name: string;
}

/** Result of a source's check of a device, a host or a file. */
export type Probe = Pick<Finding, "status" | "detail">;

/** Inputs of a source's launch text. */
export interface LaunchRequest {
  /** The streams to bring in. */
  readonly streams: readonly Stream[];
  /** Name of the first element and prefix of the other names; errors are attributed to sources by it. */
  readonly name: string;
  /** Whether generated data is produced in real time. */
  readonly live: boolean;
  readonly format: FrameFormat;
  /** `decodebin` with the properties that choose between hardware and software. */
  readonly decodebin: string;
  /** Launch text from a stream's raw data to its appsink; to be used once for each of `streams`. */
  tail(stream: Stream): string;
}

/** The values that a source accepts under one key. */
export interface SourceForm<Address> {
  /** Its forms for help texts and errors, such as `v4l2:///dev/videoN`. */
  readonly usage: readonly string[];
  /** A valid value; `doctor` checks for the elements that it needs. */
  readonly example: string;
  /** Reads the value as written; messages begin with "must be". */
  readonly address: z.ZodType<Address, string>;
}

/** One kind of source: everything that the rest of the program knows about it. */
export interface SourceDescriptor<Address = unknown> {
  /** Schemes of its URLs, such as `rtsp`; an empty one means a value without a scheme. */
  readonly schemes: readonly string[];
  /** The keys that it serves. */
  readonly forms: Partial<Readonly<Record<SourceKey, SourceForm<Address>>>>;
  /** Whether to open it again after a failure although it is no device. */
  readonly reopens?: boolean;
  /** Properties of its video. */
  readonly picture?: {
    /** It may have an orientation tag (phone clips). */
    readonly tagged?: boolean;
    /**
     * What hardware may decode: streams of any codec, or only the JPEG pictures of cameras; `own`: what the user's own elements
     * give. After some hardware the picture is in video memory.
     */
    readonly decoded?: "any" | "jpeg" | "own";
    /** Its launch text already contains the element `picture`, at which the size of the source picture is read. */
    readonly measured?: boolean;
  };
  /** Debian packages (on a Jetson: L4T) of the elements that only this source uses. */
  readonly packages?: Readonly<Record<string, string>>;
  /** Elements whose packages the setup installs. */
  readonly setup?: readonly string[];
  endless(address: Address): Endless;
  /** Makes relative paths absolute. */
  locate?(address: Address, folder: string): Address;
  /** Error message if the address does not exist on this machine, such as "Cannot open FILE: no such file". */
  absent?(address: Address): string | undefined;
  /** What it uses from JavaScript; GStreamer's own files and connections do not count. Absent: nothing. */
  reach?(address: Address): Reach;
  /** Launch text from the source to the end of the tail of each requested stream. */
  launch(address: Address, request: LaunchRequest): string;
  /** Elements that GStreamer adds to the launch text at run time. */
  laterElements?(address: Address): readonly string[];
  /** Checks that the source is present without opening it; takes a few seconds at most. */
  probe(address: Address): Promise<Probe>;
  /**
   * Devices of this machine that it can open.
   *
   * @param root where `sys` and `proc` are mounted.
   */
  devices?(root: string): readonly Device[];
}
