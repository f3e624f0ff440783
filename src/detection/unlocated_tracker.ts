import type { TrackConfig } from "./detect_schema.ts";
import { EventTracker, type TrackedEvent } from "./tracker.ts";

/** A map with one cell: what has no place cannot move. */
const NOWHERE = Float32Array.of(1);
const ONE_CELL = Uint8Array.of(1);

/** One step of one head, as far as it matters for what has no place. */
export interface HeardStep {
  readonly startNs: number;
  readonly endNs: number;
  /** Probability that something of the head's kind is heard; 0 while the sound is below the gate. */
  readonly presence: number;
  /** `a[k]` for this step. */
  readonly similarity: number;
  /** Whether a place in the picture may match: then nothing counts as heard elsewhere. */
  readonly matched: boolean;
  /** The head's audio features, where events get labels. */
  readonly code?: Float32Array;
}

/** Turns one head's presence into events without a place, while no event of the head has one. */
export class UnlocatedTracker {
  readonly #tracker: EventTracker;

  constructor(config: TrackConfig) {
    this.#tracker = new EventTracker(config, 0, ONE_CELL);
  }

  /** Uses other settings from the next step on. */
  configure(config: TrackConfig): void {
    this.#tracker.configure(config, 0);
  }

  /** Whether an announced event is active. */
  get active(): boolean {
    return this.#tracker.active;
  }

  /** Takes the next step; steps must come in order of time. */
  step({ startNs, endNs, presence, similarity, matched, code }: HeardStep): TrackedEvent[] {
    const score = matched ? 0 : presence;
    return this.#tracker.step({ startNs, endNs, score, similarity, map: NOWHERE, code });
  }

  /** Declares that no step before `untilNs` is still to come. */
  advance(untilNs: number): TrackedEvent[] {
    return this.#tracker.advance(untilNs);
  }

  /** Ends an active event at once. */
  end(): TrackedEvent[] {
    return this.#tracker.end();
  }
}
