import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Description, NearMiss, Step, TelemetryEvent } from "../telemetry/topics.ts";

/** One time step of a clip. */
export interface ClipStep {
  readonly step: Step;
  /** `[K, h, w]`: share of the head's color in each cell, 0..255; the score scales the map of each head. */
  readonly heat: Uint8Array;
}

/** Everything that a pipeline found in one clip; times are the clip's, as its source starts at 0. */
export interface ClipFindings {
  readonly description: Description;
  readonly steps: readonly ClipStep[];
  /** Event messages in order. */
  readonly events: readonly TelemetryEvent[];
  readonly nearMisses: readonly NearMiss[];
}

/** Keeps what a pipeline tells about a clip: 1 kB per time step of a model with two heads and 20 × 20 cells. */
export class ClipCollector implements Disposable {
  readonly #steps: ClipStep[] = [];
  readonly #events: TelemetryEvent[] = [];
  readonly #nearMisses: NearMiss[] = [];
  readonly #listening: Disposable;
  #description: Description | undefined;
  #step: Step | undefined;

  /** @param progress called with the time up to which the clip is analyzed, s. */
  constructor(telemetry: Telemetry, progress: (seconds: number) => void = () => {}) {
    const topics = ["description", "step", "maps", "event", "near_miss", "hop"] as const;
    this.#listening = telemetry.listen(topics, (told) => {
      switch (told.topic) {
        case "description":
          this.#description = told.message;
          break;
        case "step":
          this.#step = told.message;
          break;
        case "maps":
          // The maps of a step follow its scores.
          if (this.#step) {
            this.#steps.push({ step: this.#step, heat: heatOf(this.#step, told.message.values) });
          }
          break;
        case "event":
          this.#events.push(told.message);
          break;
        case "near_miss":
          this.#nearMisses.push(told.message);
          break;
        case "hop":
          progress(told.message.finalNs / 1e9);
      }
    });
  }

  /** What was found so far; undefined before the source has brought a picture. */
  findings(): ClipFindings | undefined {
    return this.#description && {
      description: this.#description,
      steps: this.#steps,
      events: this.#events,
      nearMisses: this.#nearMisses,
    };
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}

function heatOf({ heads }: Step, maps: Float32Array): Uint8Array {
  const cells = maps.length / heads.length;
  const heat = new Uint8Array(maps.length);
  heads.forEach(({ score }, k) => {
    const map = maps.subarray(k * cells, (k + 1) * cells);
    const highest = map.reduce((a, b) => Math.max(a, b), 0);
    if (highest <= 0) return;
    for (let i = 0; i < cells; i++) {
      heat[k * cells + i] = Math.round(255 * score * Math.max(0, map[i]) / highest);
    }
  });
  return heat;
}
