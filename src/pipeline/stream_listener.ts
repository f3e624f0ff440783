import type { FitGeometry } from "../core/fit_geometry.ts";
import type { HeadKind } from "../core/head_kind.ts";
import type { Detection } from "../detection/detector.ts";
import type { HeldFrame } from "../ring/frame_ring.ts";

/** Receives the results of a stream. */
export interface StreamListener {
  /**
   * @param frame the frame nearest in time to the data behind the message.
   * @param latencyMs from the capture of that data to now.
   */
  detected(
    detection: Detection,
    frame: HeldFrame | undefined,
    fit: FitGeometry,
    latencyMs: number,
  ): void;
  /** Kinds with an open event; called after each hop and whenever they may have changed. */
  active(kinds: ReadonlySet<HeadKind>): void;
  /** Resolves when more can be taken without loss, or the signal aborts; awaited before each hop of `pace: fast`. */
  room(signal: AbortSignal): Promise<void>;
  /** The wall clock was set. */
  clockSet(seconds: number): void;
}
