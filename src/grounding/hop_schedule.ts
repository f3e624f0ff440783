import type { AudioRing } from "../ring/audio_ring.ts";
import { OnsetWatch } from "./onset.ts";
import { levelDbfs } from "./pooling.ts";

/** Where hops end; in samples. */
export interface HopTiming {
  /** Length of a time step. */
  readonly stride: number;
  /** Center of time step 0. */
  readonly first: number;
  readonly hop: number;
  readonly lookahead: number;
  /** Whether hops start between the regular ones when a step becomes final that may begin an event. */
  readonly early: boolean;
}

/** Decides at which sample each hop ends: on the encoder's grid of time steps. */
export class HopSchedule {
  readonly #audio: AudioRing;
  readonly #timing: HopTiming;
  readonly #onsets: OnsetWatch | undefined;
  #lastEnd = -Infinity;
  #number = 1;

  constructor(audio: AudioRing, timing: HopTiming) {
    this.#audio = audio;
    this.#timing = timing;
    this.#onsets = timing.early ? new OnsetWatch() : undefined;
  }

  /**
   * Sample index at which the next hop ends; undefined before the first sample.
   *
   * @param step number of the next step to be grounded; undefined before the first hop.
   * @param gate level below which a step cannot begin an event, dBFS.
   */
  due(step: number | undefined, gate: number): number | undefined {
    if (this.#audio.begin === undefined) return undefined;
    if (!this.#onsets || step === undefined) return this.regular();
    this.#hear(this.#onsets, step, gate);
    return this.#earlyEnd(this.#onsets, step);
  }

  /**
   * Whether a step may begin an event, as far as its audio has been heard.
   *
   * @param from number of the next step to be grounded. @param gate as of {@linkcode due}.
   */
  mayBegin(step: number, from: number, gate: number): boolean {
    if (!this.#onsets) return false;
    this.#hear(this.#onsets, from, gate);
    return this.#onsets.mayBegin(step);
  }

  /** End of the next regular hop, or of one after it. */
  regular(after = 0): number {
    const { stride, hop } = this.#timing;
    return Math.ceil((this.#audio.begin! + (this.#number + after) * hop) / stride) * stride;
  }

  /** Moves on to the next regular hop. */
  advance(): void {
    this.#number++;
  }

  /** Notes the end of a hop that runs. */
  began(end: number): void {
    this.#lastEnd = end;
  }

  /** End of the hop in which the next step that may begin an event becomes final, if that is before the regular hop. */
  #earlyEnd(onsets: OnsetWatch, from: number): number {
    const { stride, first, lookahead } = this.#timing;
    const regular = this.regular();
    for (let step = from;; step++) {
      const end = Math.ceil((step * stride + first + lookahead) / stride) * stride;
      if (end >= regular) return regular;
      if (end > this.#lastEnd && onsets.mayBegin(step)) return end;
    }
  }

  #hear(onsets: OnsetWatch, from: number, gate: number): void {
    const { stride, first } = this.#timing;
    const half = Math.ceil(stride / 2);
    const samples = new Float32Array(2 * half);
    for (let step = Math.max(from, onsets.next ?? from);; step++) {
      const end = step * stride + first + half;
      if (end > this.#audio.end) return;
      this.#audio.read(end, samples);
      onsets.hear(step, levelDbfs(samples), gate);
    }
  }
}
