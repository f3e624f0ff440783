import { CaptureError } from "../capture/capture_error.ts";

/** A live stream without data for this long has stalled, s; the other one no longer waits for it. */
export const STALLED = 1;
/** A device without usable data for this long has failed, s. */
const DEAD = 30;

/** One of the two streams of a source. */
type Kind = "frames" | "audio";

/** When usable data of each stream arrived last. */
export class StreamArrivals {
  readonly #lastMs = { frames: performance.now(), audio: performance.now() };

  /** Notes that usable data has arrived. */
  came(kind: Kind): void {
    this.#lastMs[kind] = performance.now();
  }

  /** Seconds since the last usable data. */
  silentFor(kind: Kind): number {
    return (performance.now() - this.#lastMs[kind]) / 1000;
  }

  /**
   * Fails if a device hangs without an error, or its time stamps have jumped ahead; opening it again may help.
   *
   * @throws {CaptureError} if a stream is dead.
   */
  requireAlive(): void {
    const dead = (["frames", "audio"] as const).find((kind) => this.silentFor(kind) > DEAD);
    if (dead === undefined) return;
    const what = dead === "frames" ? "video" : "audio";
    throw new CaptureError(`Cannot capture: no ${what} arrives for ${DEAD} s`);
  }
}
