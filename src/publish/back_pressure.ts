import type { Log } from "../core/log.ts";
import type { Sink } from "./sink.ts";

/** Messages that may wait in a sink that delivers before its producer waits, too. */
const MOST_WAITING = 256;
/** Pause between two looks at the sinks, ms. */
const LOOK_MS = 10;
/** A sink that takes nothing for this long does not deliver now, ms. */
const STALLED_MS = 10_000;

/** The part of a sink that {@linkcode BackPressure} looks at. */
export type PressedSink = Pick<Sink, "name" | "capacity" | "counters" | "complaint">;

/** What is known of one sink. */
interface Progress {
  /** Messages that were waiting or have left, when last looked at. */
  settled: number;
  sinceMs: number;
}

/**
 * Makes a producer that runs faster than real time wait for its sinks, so that none has to drop events.
 *
 * While a sink delivers, the producer pauses as long as more than 256 messages are queued in it. While a sink does not deliver
 * (its broker is unavailable), the producer goes on until half of the sink's capacity is used; then it pauses without limit,
 * because the next event could be lost.
 */
export class BackPressure {
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #progress = new WeakMap<PressedSink, Progress>();
  #blocked = false;

  constructor(log: Log, nowMs: () => number = () => performance.now()) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** Resolves when all sinks have room, or the signal aborts. */
  async room(sinks: readonly PressedSink[], signal: AbortSignal): Promise<void> {
    await this.#until(() => !sinks.some((sink) => this.#isFull(sink)), signal);
    this.#blocked = false;
  }

  /** Resolves when no sink that delivers has messages left, or the signal aborts. */
  async empty(sinks: readonly PressedSink[], signal: AbortSignal): Promise<void> {
    const busy = (sink: PressedSink) => sink.counters().waiting > 0 && this.#delivers(sink);
    await this.#until(() => !sinks.some(busy), signal);
  }

  async #until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !holds()) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  #isFull(sink: PressedSink): boolean {
    const { waiting } = sink.counters();
    const half = (sink.capacity ?? Infinity) / 2;
    // Called for its note of progress, too.
    const delivers = this.#delivers(sink);
    if (waiting < half) return waiting > MOST_WAITING && delivers;
    if (!delivers && !this.#blocked) {
      this.#blocked = true;
      const reason = sink.complaint() ?? "it takes nothing";
      this.#log("warning", `Waiting for ${sink.name}, so that no event is lost: ${reason}`);
    }
    return true;
  }

  /** Whether a sink has no complaint, and messages leave it. */
  #delivers(sink: PressedSink): boolean {
    const { acknowledged, refused, waiting } = sink.counters();
    const nowMs = this.#nowMs();
    const settled = acknowledged + refused;
    const progress = this.#progress.get(sink);
    if (progress === undefined || progress.settled !== settled || waiting === 0) {
      this.#progress.set(sink, { settled, sinceMs: nowMs });
    } else if (nowMs - progress.sinceMs >= STALLED_MS) return false;
    return sink.complaint() === undefined;
  }
}
