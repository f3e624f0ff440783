import { forEachKind } from "../core/head_kind.ts";
import type { WhenceEvent } from "../events/event.ts";
import { Latencies } from "./latencies.ts";

/** Counts the events of a pipeline, over all its runs. */
export class EventTally {
  readonly #latencies = new Latencies();
  readonly #events = forEachKind(() => 0);

  /** @param latencyMs from the capture of the newest input of the message to its publication. */
  add(event: WhenceEvent, latencyMs: number): void {
    if (event.type !== "new") return;
    this.#events[event.kind]++;
    this.#latencies.add(Math.round(latencyMs));
  }

  /** Events that have started, and the latency of their first messages. */
  stats() {
    return {
      events: { ...this.#events },
      latency_ms: { p50: this.#latencies.quantile(0.5), p95: this.#latencies.quantile(0.95) },
    };
  }
}
