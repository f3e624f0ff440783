/** An event's region describes at most this much of its newest input, ns. */
const REGION_NS = 500_000_000;

/**
 * Audio features up to this long before and after an event name it, too, ns: the part of a word that matches the picture is
 * often short.
 */
export const AROUND_NS = 200_000_000;

/** One head's part of a grounded time step. */
export interface ScoredStep {
  /** The step's time interval, ns of running time. */
  readonly startNs: number;
  readonly endNs: number;
  /** Calibrated probability. */
  readonly score: number;
  /** The activation that the score comes from. */
  readonly similarity: number;
  /** `[h, w]` of the similarity volume. */
  readonly map: Float32Array;
  /** The head's audio features, where events get labels. */
  readonly code?: Float32Array;
}

/** Consecutive active steps of one head at one place: one event, announced or not yet. */
export class Span {
  /** The same object for all messages of the event. */
  readonly key = {};
  readonly onsetNs: number;
  /** Time during which the score was up, gaps excluded, ns. */
  activeNs = 0;
  /** End of the newest active step. */
  lastActiveNs: number;
  /** Highest score so far. */
  score = 0;
  /** Score and activation of the newest active step. */
  currentScore = 0;
  similarity = 0;
  /** `lastActiveNs` of the newest message; undefined until the event is announced. */
  announcedNs: number | undefined;
  readonly #sum: Float64Array;
  #steps = 0;
  #code: Float64Array | undefined;
  #newest: ScoredStep[] = [];

  /** @param before the audio features of the steps before the first one. */
  constructor(step: ScoredStep, before: readonly Float32Array[] = []) {
    this.onsetNs = step.startNs;
    this.lastActiveNs = step.startNs;
    this.#sum = new Float64Array(step.map.length);
    for (const code of before) this.#addCode(code);
    this.add(step);
  }

  /** Mean map over all steps, `[h, w]`. */
  get wholeMap(): Float32Array {
    return Float32Array.from(this.#sum, (value) => value / this.#steps);
  }

  /** Mean map over the steps of the last 500 ms, `[h, w]`; over the newest step if that is longer. */
  get newestMap(): Float32Array {
    const mean = new Float32Array(this.#sum.length);
    for (const { map } of this.#newest) {
      for (let i = 0; i < mean.length; i++) mean[i] += map[i] / this.#newest.length;
    }
    return mean;
  }

  /** Sum of the audio features over all steps and those around them; undefined where events get no labels. */
  get code(): Float32Array | undefined {
    return this.#code && Float32Array.from(this.#code);
  }

  /** Takes the next active step. */
  add(step: ScoredStep): void {
    if (step.code) this.#addCode(step.code);
    for (let i = 0; i < this.#sum.length; i++) this.#sum[i] += step.map[i];
    this.#steps++;
    this.activeNs += step.endNs - step.startNs;
    // The runtime may reuse the memory of its outputs.
    this.#keep([{ ...step, map: step.map.slice(), code: undefined }]);
  }

  /** Takes the audio features of a step that is not active, if it is near enough. */
  follow({ startNs, code }: ScoredStep): void {
    if (code && startNs < this.lastActiveNs + AROUND_NS) this.#addCode(code);
  }

  /** Takes all steps of a span that began later. */
  absorb(later: Span): void {
    if (later.#code) this.#addCode(later.#code);
    for (let i = 0; i < this.#sum.length; i++) this.#sum[i] += later.#sum[i];
    this.#steps += later.#steps;
    this.activeNs += later.activeNs;
    this.score = Math.max(this.score, later.score);
    this.#keep(later.#newest);
  }

  #addCode(code: Float32Array | Float64Array): void {
    this.#code ??= new Float64Array(code.length);
    for (let c = 0; c < code.length; c++) this.#code[c] += code[c];
  }

  #keep(steps: readonly ScoredStep[]): void {
    const last = steps[steps.length - 1];
    this.lastActiveNs = last.endNs;
    this.currentScore = last.score;
    this.similarity = last.similarity;
    this.score = Math.max(this.score, last.score);
    this.#newest = [...this.#newest, ...steps].filter((step) =>
      step === last || step.startNs >= last.endNs - REGION_NS
    );
  }
}
