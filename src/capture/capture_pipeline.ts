import type { PictureSize } from "../core/fit_geometry.ts";
import type { BusMessage } from "./bus.ts";
import type { CapturePlan } from "./plan.ts";

/** One buffer of a stream. */
export interface Sample {
  /** Running time in ns, negative before the beginning of the stream; undefined for a buffer without a time stamp. */
  readonly ptsNs: number | undefined;
  readonly data: Uint8Array<ArrayBuffer>;
  /** Of a buffer whose `data` is made on the first read: call it once when it is no longer used. */
  release?(): void;
}

/** Where the buffers of one stream wait for their reader. No call blocks. */
export interface SampleSink {
  /** Buffers that have arrived, as of the last {@linkcode count}. */
  readonly arrived: number;
  /** Buffers dropped because the queue was full or because they came too late, as of the last {@linkcode count}. */
  readonly dropped: number;
  /** Whether buffers are queued, as of the last {@linkcode count}. */
  readonly waiting: boolean;
  /** Whether the stream has ended and all of it has been taken. */
  readonly ended: boolean;
  /** Brings the counters up to date. The drops are exact if this is called before each run of takes. */
  count(): void;
  /** The next buffer; undefined when none is queued. */
  take(): Sample | undefined;
  /** Takes back the memory of a buffer that is no longer used, for later ones. */
  recycle?(data: Uint8Array<ArrayBuffer>): void;
}

/** How a pipeline is started. */
export interface StartOptions {
  /** Time that opening may take, and for recordings the first data, ms. */
  readonly timeoutMs: number;
  /** Time to wait for the first data of devices, ms. */
  readonly starvedAfterMs: number;
  /** Throws if the pipeline has reported an error, or if the start is to be aborted. */
  readonly check: () => void;
}

/** A GStreamer pipeline with the appsinks of a plan, in this process or in one of its own. */
export interface CapturePipeline {
  readonly frames: SampleSink;
  readonly samples: SampleSink;
  /** Camera pictures as JPEG files, if the plan has a branch for them. */
  readonly pictures: SampleSink | undefined;
  readonly bus: { take(): BusMessage[] };
  /**
   * Starts it and waits for the first data of both streams; a device without data does not count as a failure.
   *
   * @throws {CaptureError} when it fails, or does not start in time.
   */
  start(plan: CapturePlan, options: StartOptions): Promise<void>;
  /** Lets camera pictures through to their encoder, or keeps them back. */
  encodePictures(on: boolean): void;
  /** Length of a recording as its container states it, ns; undefined if it states none. */
  durationNs(): number | undefined;
  /** Epoch time of running time 0, ns. */
  epochZeroNs(): bigint;
  /** Size of the source picture; undefined while it is unknown or unchanged since the last call. */
  newPicture(): PictureSize | undefined;
  /** Whether its process crashed or did not respond; absent if it has none of its own. */
  readonly crashed?: boolean;
  /** The first of these elements, by factory, that is part of it now or was when it failed; undefined if none is. */
  using(factories: readonly string[]): string | undefined;
  /**
   * Stops it and frees everything. Call once.
   *
   * @returns if it did not stop in time, what has become of it.
   */
  stop(): Promise<string | undefined>;
}
