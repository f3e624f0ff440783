import type { TrackConfig } from "./detect_schema.ts";
import { peakCell } from "./region.ts";

/** Steps that follow each other may be apart by a rounding error. */
const SAME_TIME_NS = 1000;

/** One head's part of a grounded time step. */
export interface ScoredStep {
  /** The step's stretch of time, ns of running time. */
  readonly startNs: number;
  readonly endNs: number;
  /** Calibrated probability. */
  readonly score: number;
  /** The activation it comes from. */
  readonly similarity: number;
  /** `[h, w]` of the similarity volume. */
  readonly map: Float32Array;
}

/** An event as a tracker sees it: times on the running-time clock, the heat map on the model's grid. */
export interface TrackedEvent {
  readonly type: "new" | "update" | "end";
  /** The same object for all messages of one event. */
  readonly key: object;
  readonly onsetNs: number;
  /** End of the last step in which the score was up; null while the event lasts. */
  readonly offsetNs: number | null;
  /** End of the newest step this message rests on. */
  readonly atNs: number;
  readonly score: number;
  readonly topScore: number;
  readonly similarity: number;
  /** `[h, w]`: mean over the event's steps. */
  readonly heatMap: Float32Array;
}

/** Steps that belong together: one event, announced or not yet. */
class Span {
  readonly key = {};
  readonly onsetNs: number;
  readonly sum: Float64Array;
  steps = 0;
  activeNs = 0;
  lastActiveNs: number;
  score = 0;
  topScore = 0;
  similarity = 0;
  toldNs: number | undefined;

  constructor(step: ScoredStep) {
    this.onsetNs = step.startNs;
    this.lastActiveNs = step.startNs;
    this.sum = new Float64Array(step.map.length);
    this.add(step);
  }

  add(step: ScoredStep): void {
    for (let i = 0; i < this.sum.length; i++) this.sum[i] += step.map[i];
    this.steps++;
    this.activeNs += step.endNs - step.startNs;
    this.lastActiveNs = step.endNs;
    this.score = step.score;
    this.topScore = Math.max(this.topScore, step.score);
    this.similarity = step.similarity;
  }

  absorb(later: Span): void {
    for (let i = 0; i < this.sum.length; i++) this.sum[i] += later.sum[i];
    this.steps += later.steps;
    this.activeNs += later.activeNs;
    this.lastActiveNs = later.lastActiveNs;
    this.score = later.score;
    this.topScore = Math.max(this.topScore, later.topScore);
    this.similarity = later.similarity;
  }

  message(type: TrackedEvent["type"], offsetNs: number | null): TrackedEvent {
    const { key, onsetNs, score, topScore, similarity } = this;
    const heatMap = Float32Array.from(this.sum, (value) => value / this.steps);
    const atNs = offsetNs ?? this.lastActiveNs;
    return { type, key, onsetNs, offsetNs, atNs, score, topScore, similarity, heatMap };
  }
}

/**
 * Turns one head's scores into events: hysteresis between `on` and `off`, bursts below `min_duration` ignored, dips below
 * `merge_gap` bridged. When the peak moves to another place while the score stays up, the event ends and a new one begins.
 */
export class EventTracker {
  readonly #config: TrackConfig;
  readonly #level: number;
  readonly #counts: Uint8Array;
  #span: Span | undefined;
  #elsewhere: Span | undefined;
  #dipped = false;

  /**
   * @param level share of the heat map's peak that still belongs to the event's place.
   * @param counts `[h, w]`, 0 for cells outside the picture.
   */
  constructor(config: TrackConfig, level: number, counts: Uint8Array) {
    this.#config = config;
    this.#level = level;
    this.#counts = counts;
  }

  /** Whether an event is under way that has been announced. */
  get active(): boolean {
    return this.#span?.toldNs !== undefined;
  }

  /** Takes the next step; steps come in order of time. */
  step(step: ScoredStep): TrackedEvent[] {
    const messages = this.advance(step.startNs);
    const threshold = this.#span && !this.#dipped ? this.#config.off : this.#config.on;
    if (step.score < threshold) {
      this.#dipped = true;
      return messages;
    }
    this.#dipped = false;
    if (this.#span) this.#extend(this.#span, step, messages);
    else this.#span = new Span(step);
    this.#tell(messages);
    return messages;
  }

  /** Says that nothing more will come before `untilNs`: an event that has been quiet for `merge_gap` ends. */
  advance(untilNs: number): TrackedEvent[] {
    const last = this.#elsewhere ?? this.#span;
    if (!last) return [];
    const quietNs = untilNs - last.lastActiveNs;
    return quietNs < Math.max(this.#config.merge_gap * 1e9, SAME_TIME_NS) ? [] : this.end();
  }

  /** Ends an event under way at once. */
  end(): TrackedEvent[] {
    const span = this.#span;
    if (!span) return [];
    if (this.#elsewhere) span.absorb(this.#elsewhere);
    this.#span = this.#elsewhere = undefined;
    this.#dipped = false;
    return span.toldNs === undefined ? [] : [span.message("end", span.lastActiveNs)];
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
    const { activeNs, topScore } = this.#elsewhere;
    if (activeNs >= this.#config.min_duration * 1e9 && topScore >= this.#config.on) {
      if (span.toldNs !== undefined) messages.push(span.message("end", span.lastActiveNs));
      this.#span = this.#elsewhere;
      this.#elsewhere = undefined;
    }
  }

  #holds(span: Span, cell: number): boolean {
    const peak = peakCell(span.sum, this.#counts);
    return cell === peak || span.sum[cell] >= this.#level * span.sum[peak];
  }

  #tell(messages: TrackedEvent[]): void {
    const span = this.#span!;
    if (span.toldNs === undefined) {
      if (span.activeNs < this.#config.min_duration * 1e9) return;
      messages.push(span.message("new", null));
    } else if (span.lastActiveNs - span.toldNs >= this.#config.update_every * 1e9) {
      messages.push(span.message("update", null));
    } else return;
    span.toldNs = span.lastActiveNs;
  }
}
