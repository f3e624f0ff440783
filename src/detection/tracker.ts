import type { TrackConfig } from "./detect_schema.ts";
import { peakCell } from "./region.ts";
import { AROUND_NS, type ScoredStep, Span } from "./span.ts";

/** Consecutive steps may be apart by a rounding error. */
const SAME_TIME_NS = 1000;

/** An event as a tracker sees it: times on the running-time clock, maps on the model's grid. */
export interface TrackedEvent {
  readonly type: "new" | "update" | "end";
  /** The same object for all messages of one event. */
  readonly key: object;
  readonly onsetNs: number;
  /** End of the last step in which the score was up; null while the event lasts. */
  readonly offsetNs: number | null;
  /** End of the newest step that this message uses. */
  readonly atNs: number;
  /** Highest score so far; at least `on`. */
  readonly score: number;
  /** Score and activation of the step that ends at `atNs`. */
  readonly currentScore: number;
  readonly similarity: number;
  /** `[h, w]`: mean over all of the event's steps. */
  readonly heatMap: Float32Array;
  /** `[h, w]`: mean over the steps of the last 500 ms before `atNs`. */
  readonly newestMap: Float32Array;
  /** Sum of the head's audio features over the event's steps and 200 ms around them, where events get labels. */
  readonly code?: Float32Array;
}

function message(type: TrackedEvent["type"], span: Span): TrackedEvent {
  const { key, onsetNs, lastActiveNs, score, currentScore, similarity } = span;
  return {
    type,
    key,
    onsetNs,
    offsetNs: type === "end" ? lastActiveNs : null,
    atNs: lastActiveNs,
    score,
    currentScore,
    similarity,
    heatMap: span.wholeMap,
    newestMap: span.newestMap,
    code: span.code,
  };
}

/**
 * Turns one head's scores into events: hysteresis between `on` and `off`, bursts shorter than `min_duration` ignored, dips
 * shorter than `merge_gap` bridged. An event follows a peak that moves slowly; if the peak jumps to another place while the
 * score stays up, the event ends and a new one begins.
 */
export class EventTracker {
  #config: TrackConfig;
  #level: number;
  readonly #counts: Uint8Array;
  #span: Span | undefined;
  #elsewhere: Span | undefined;
  #dipped = false;
  /** The newest steps that are not active, where events get labels. */
  #inactive: { readonly endNs: number; readonly code: Float32Array }[] = [];

  /**
   * @param level share of the heat map's peak above which a cell belongs to the event's place.
   * @param counts `[h, w]`, 0 for cells outside the picture.
   */
  constructor(config: TrackConfig, level: number, counts: Uint8Array) {
    this.#config = config;
    this.#level = level;
    this.#counts = counts;
  }

  /** Uses other settings from the next step on; an active event goes on under them. */
  configure(config: TrackConfig, level: number): void {
    this.#config = config;
    this.#level = level;
  }

  /** Whether an announced event is active. */
  get active(): boolean {
    return this.#span?.announcedNs !== undefined;
  }

  /** Takes the next step; steps must come in order of time. */
  step(step: ScoredStep): TrackedEvent[] {
    const messages = this.advance(step.startNs);
    const threshold = this.#span && !this.#dipped ? this.#config.off : this.#config.on;
    if (step.score < threshold) {
      this.#dipped = true;
      (this.#elsewhere ?? this.#span)?.follow(step);
      this.#keepInactive(step);
      return messages;
    }
    this.#dipped = false;
    this.#dropInactive(step.startNs);
    if (this.#span) this.#extend(this.#span, step, messages);
    else this.#span = new Span(step, this.#inactive.map(({ code }) => code));
    this.#announce(messages);
    return messages;
  }

  /** Declares that no step before `untilNs` is still to come: an event that has been quiet for `merge_gap` ends. */
  advance(untilNs: number): TrackedEvent[] {
    const last = this.#elsewhere ?? this.#span;
    if (!last) return [];
    const quietNs = untilNs - last.lastActiveNs;
    return quietNs < Math.max(this.#config.merge_gap * 1e9, SAME_TIME_NS) ? [] : this.end();
  }

  /** Ends an active event at once. */
  end(): TrackedEvent[] {
    const span = this.#span;
    if (!span) return [];
    if (this.#elsewhere) span.absorb(this.#elsewhere);
    this.#span = this.#elsewhere = undefined;
    this.#dipped = false;
    return span.announcedNs === undefined ? [] : [message("end", span)];
  }

  #keepInactive({ startNs, endNs, code }: ScoredStep): void {
    this.#dropInactive(startNs);
    if (code) this.#inactive.push({ endNs, code });
  }

  /** Drops what is too long before a time to belong to an event that begins then. */
  #dropInactive(startNs: number): void {
    this.#inactive = this.#inactive.filter(({ endNs }) => endNs > startNs - AROUND_NS);
  }

  #extend(span: Span, step: ScoredStep, messages: TrackedEvent[]): void {
    const cell = peakCell(step.map, this.#counts);
    if (this.#holds(span, cell)) {
      if (this.#elsewhere) span.absorb(this.#elsewhere);
      this.#elsewhere = undefined;
      span.add(step);
      return;
    }
    if (this.#elsewhere && this.#holds(this.#elsewhere, cell)) {
      this.#elsewhere.add(step);
    } else {
      if (this.#elsewhere) span.absorb(this.#elsewhere);
      this.#elsewhere = new Span(step);
    }
    const { activeNs, score } = this.#elsewhere;
    if (activeNs >= this.#config.min_duration * 1e9 && score >= this.#config.on) {
      if (span.announcedNs !== undefined) messages.push(message("end", span));
      this.#span = this.#elsewhere;
      this.#elsewhere = undefined;
    }
  }

  /** Whether a cell belongs to the span's place: where it is now, or where it has mostly been. */
  #holds(span: Span, cell: number): boolean {
    return [span.newestMap, span.wholeMap].some((map) => {
      const peak = peakCell(map, this.#counts);
      return cell === peak || map[cell] >= this.#level * map[peak];
    });
  }

  #announce(messages: TrackedEvent[]): void {
    const span = this.#span!;
    if (span.announcedNs === undefined) {
      if (span.activeNs < this.#config.min_duration * 1e9) return;
      messages.push(message("new", span));
    } else if (span.lastActiveNs - span.announcedNs >= this.#config.update_every * 1e9) {
      messages.push(message("update", span));
    } else return;
    span.announcedNs = span.lastActiveNs;
  }
}
