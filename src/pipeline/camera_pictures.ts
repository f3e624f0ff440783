import { EncodedRing } from "../record/encoded_ring.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

/** How long pictures are kept, s: events are reported up to their merge gap and one hop after what they show. */
const KEPT = 6;
/** A picture farther away than this shows something else, s. */
const FARTHEST = 0.5;

/** The camera pictures of the last seconds, for the pictures of events. */
export class CameraPictures implements Disposable {
  readonly #ring = new EncodedRing();
  readonly #listening: Disposable;

  constructor(telemetry: Telemetry) {
    this.#listening = telemetry.listen(["picture"], (told) => {
      if (told.topic !== "picture") return;
      this.#ring.addPicture(told.message);
      this.#ring.forget(this.#ring.newest - KEPT);
    });
  }

  /** The picture nearest to a capture time in epoch seconds, a JPEG file; undefined if there is none within half a second. */
  at(seconds: number): Uint8Array | undefined {
    const nearest = this.#ring.nearest(seconds);
    if (nearest === undefined || Math.abs(nearest.seconds - seconds) > FARTHEST) return undefined;
    return nearest.jpeg;
  }

  /** Stops listening, so that no more pictures are encoded. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}
