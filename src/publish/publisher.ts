import type { PipelineState, WhenceEvent } from "../events/event.ts";
import { checkEvent } from "../events/event_json.ts";
import type { Sink, SinkCounters } from "./sink.ts";
import type { Log } from "../core/log.ts";
import type { HeadKind } from "../core/head_kind.ts";

/** A sink and how it fares. */
interface Outlet {
  readonly sink: Sink;
  /** Why the last call failed; empty while all is well. */
  trouble: string;
  failures: number;
}

/** Hands one pipeline's messages to all its sinks. Whatever a sink does, no call throws or waits. */
export class Publisher {
  readonly #outlets: readonly Outlet[];
  readonly #log: Log;
  #closed = false;
  #invalidEvents = 0;
  #invalidity = "";

  constructor(sinks: readonly Sink[], log: Log) {
    this.#outlets = sinks.map((sink) => ({ sink, trouble: "", failures: 0 }));
    this.#log = log;
  }

  /** Opens all sinks; one that cannot be opened takes its messages nevertheless and drops what it must. */
  async open(): Promise<void> {
    await Promise.all(this.#outlets.map((outlet) => this.#settle(outlet, (sink) => sink.open())));
  }

  /** Whether any sink takes heat maps. */
  get wantsHeatmap(): boolean {
    return this.#outlets.some(({ sink }) => sink.wantsHeatmap);
  }

  /** Events that broke the schema and went nowhere. */
  get invalidEvents(): number {
    return this.#invalidEvents;
  }

  event(event: WhenceEvent): void {
    if (this.#isValid(event)) this.#tell((sink) => sink.event(event));
  }

  state(state: PipelineState): void {
    this.#tell((sink) => sink.state(state));
  }

  /** Whether an event of this kind lasts now; saying the same again is free. */
  active(kind: HeadKind, on: boolean): void {
    this.#tell((sink) => sink.active(kind, on));
  }

  stats(stats: object): void {
    this.#tell((sink) => sink.stats(stats));
  }

  /** The newest heat map of a kind as a PNG file's bytes. */
  heatmap(kind: HeadKind, png: Uint8Array): void {
    this.#tell((sink) => sink.heatmap(kind, png));
  }

  /** What became of the messages, by sink; calls that failed outright count among `failures`. */
  counters(): Record<string, SinkCounters> {
    return Object.fromEntries(this.#outlets.map(({ sink, failures }) => {
      const counters = sink.counters();
      return [sink.name, { ...counters, failures: counters.failures + failures }];
    }));
  }

  /** Delivers what waits, a few seconds at most, and closes all sinks; what comes later is ignored. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#outlets.map((outlet) => this.#settle(outlet, (sink) => sink.close())));
  }

  #isValid(event: WhenceEvent): boolean {
    try {
      checkEvent(event);
      return true;
    } catch (error) {
      this.#invalidEvents++;
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== this.#invalidity) this.#log("warning", reason);
      this.#invalidity = reason;
      return false;
    }
  }

  #tell(call: (sink: Sink) => void): void {
    if (this.#closed) return;
    for (const outlet of this.#outlets) {
      try {
        call(outlet.sink);
        outlet.trouble = "";
      } catch (error) {
        this.#fail(outlet, error);
      }
    }
  }

  async #settle(outlet: Outlet, call: (sink: Sink) => Promise<void>): Promise<void> {
    try {
      await call(outlet.sink);
    } catch (error) {
      this.#fail(outlet, error);
    }
  }

  #fail(outlet: Outlet, error: unknown): void {
    outlet.failures++;
    const reason = error instanceof Error ? error.message : String(error);
    if (reason !== outlet.trouble) this.#log("warning", `${outlet.sink.name}: ${reason}`);
    outlet.trouble = reason;
  }
}
