import type { FitGeometry } from "../core/fit_geometry.ts";
import type { AudioFault } from "./audio_health.ts";
import type { Damage } from "./coverage.ts";
import type { PictureFault } from "./picture_health.ts";

/** One RGB picture of the requested size, rows top to bottom. */
export interface Frame {
  /** Presentation time in ns on the pipeline's running-time clock. */
  readonly ptsNs: number;
  /** `height × width × 3` bytes; of a frame that must be released, made on the first read. */
  readonly data: Uint8Array;
  /** Of frames that keep their source picture: call it once when the frame is no longer used. */
  release?(): void;
}

/** One camera picture in the source's proportions. */
export interface Picture {
  /** Presentation time in ns on the pipeline's running-time clock; the frame made from the same picture has the same. */
  readonly ptsNs: number;
  /** A JPEG file of at most 1280 pixels in width and height. */
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/** The way of camera pictures in a capture; none are encoded at first. */
export interface PictureBranch {
  /** Starts or stops encoding. */
  encode(on: boolean): void;
  /** Takes what has arrived, without waiting; pictures that are not taken in time are dropped, the oldest first. */
  take(): Picture[];
}

/** Consecutive mono samples. */
export interface AudioChunk {
  /** Presentation time of the first sample in ns on the pipeline's running-time clock: a whole number of samples. */
  readonly ptsNs: number;
  readonly samples: Float32Array;
}

/** Notice from a running capture. */
export type CaptureNotice =
  | { readonly kind: "starved"; readonly stream: "audio" | "video"; readonly seconds: number }
  | { readonly kind: "flowing"; readonly stream: "audio" | "video" }
  | { readonly kind: "useless"; readonly stream: "audio"; readonly fault: AudioFault }
  | { readonly kind: "useless"; readonly stream: "video"; readonly fault: PictureFault }
  | { readonly kind: "useful"; readonly stream: "audio" | "video" }
  | { readonly kind: "warning"; readonly message: string };

/** Counters since the start. */
export interface CaptureStats {
  readonly frames: number;
  readonly samples: number;
  /** Frames and audio buffers dropped because they were not read in time, or because they came a second late. */
  readonly droppedFrames: number;
  readonly droppedAudioBuffers: number;
  /** Samples added and removed because the audio clock runs slower or faster than the time stamps. */
  readonly driftSamplesAdded: number;
  readonly driftSamplesRemoved: number;
}

/** Data that has arrived since the last call. */
export interface Arrivals {
  readonly frames: readonly Frame[];
  readonly audio: readonly AudioChunk[];
  /** Whether each stream has ended. */
  readonly ended: { readonly frames: boolean; readonly audio: boolean };
}

/** A running source: one GStreamer pipeline, two streams on one clock. */
export interface Capture extends AsyncDisposable {
  /** Whether the source paces itself (camera, network, `pace: live`) or waits for its reader (`pace: fast`). */
  readonly live: boolean;
  /** Epoch time of running time 0, in ns. */
  readonly epochZeroNs: bigint;
  /** Known once the first frame has arrived. */
  readonly geometry: FitGeometry | undefined;
  /**
   * Frames in order; ends at the end of the stream. One reader.
   *
   * @throws {CaptureError} when the source fails.
   */
  frames(): AsyncIterable<Frame>;
  /** Samples in order, without overlaps; a gap shows as a jump of `ptsNs`. Ends at the end of the stream. One reader. */
  audio(): AsyncIterable<AudioChunk>;
  /**
   * Takes all data that has arrived, without waiting. Use either this or {@linkcode frames} and {@linkcode audio}.
   *
   * @throws {CaptureError} when the source has failed.
   */
  take(): Arrivals;
  /** Takes back the memory of a frame that is no longer used, for later frames. */
  recycle?(frame: Frame): void;
  /** The branch for camera pictures, if the capture was planned with one. */
  readonly pictures?: PictureBranch;
  /** Length of a recording as its container states it, ns. */
  readonly durationNs?: number;
  /** The damage of a recording that was read to its end; undefined if it is complete. */
  damage(): Damage | undefined;
  /** End times of the streams of a recording that were read to their end, ns of running time. */
  ends(): Partial<Readonly<Record<"video" | "audio", number>>>;
  /** Called for each notice; replaces the former listener. */
  onNotice: ((notice: CaptureNotice) => void) | undefined;
  stats(): CaptureStats;
  /** Level of the last second of audio, dBFS, at least -200; undefined before there is one. */
  readonly level: number | undefined;
}
