import type { HeadKind } from "../core/head_kind.ts";
import type { Log } from "../core/log.ts";
import { maskSecrets } from "../core/secrets.ts";
import { within } from "../core/within.ts";
import type { PipelineState, WhenceEvent } from "../events/event.ts";
import { encodeEvent } from "../events/event_json.ts";
import { BackPressure } from "./back_pressure.ts";
import { type DrawPicture, type PictureCounters, PictureQueue } from "./picture_queue.ts";
import { PublishError } from "./publish_error.ts";
import type { Sink, SinkCounters } from "./sink.ts";

/** Longest wait for pictures that are being drawn, ms. */
const PICTURES_MS = 2_000;

/** A sink and its condition. */
interface Outlet {
  readonly sink: Sink;
  /** Why the last call failed; empty if it did not. */
  fault: string;
  failures: number;
}

/** Counters of one sink, and why it delivers nothing now. */
export type SinkStatus = SinkCounters & { readonly complaint: string | null };

/**
 * Hands one pipeline's messages to all its sinks. It can be opened again after `close`; counters go on. After `open`, no call
 * throws or waits, whatever a sink does; messages that come while it is closed are ignored.
 */
export class Publisher {
  readonly #makeSinks: () => readonly Sink[];
  readonly #log: Log;
  readonly #pictures: PictureQueue;
  readonly #pressure: BackPressure;
  #isOpen = false;
  #outlets: readonly Outlet[] = [];
  /** Counters of the sinks that were closed. */
  #past: Readonly<Record<string, SinkStatus>> = {};
  #invalidEvents = 0;
  #invalidity = "";
  #state: PipelineState | undefined;
  /** Complaints as they were published last, as JSON. */
  #complaints = "[]";

  /** @param makeSinks called by each `open`. */
  constructor(makeSinks: () => readonly Sink[], log: Log) {
    this.#makeSinks = makeSinks;
    this.#log = log;
    this.#pressure = new BackPressure(log);
    this.#pictures = new PictureQueue(
      (picture) =>
        this.#tell((sink) => {
          if (sink.takesPictures) sink.picture(picture);
        }),
      (error) => this.#log("warning", `Cannot draw a picture: ${textOf(error)}`),
    );
  }

  /**
   * Opens all sinks. One that fails to open takes messages nevertheless, while another one works; `state` says so.
   *
   * @throws {PublishError} if no sink could be opened.
   */
  async open(): Promise<void> {
    this.#outlets = this.#makeSinks().map((sink) => ({ sink, fault: "", failures: 0 }));
    this.#isOpen = true;
    const opened = await Promise.allSettled(this.#outlets.map(({ sink }) => sink.open()));
    const faults = opened.flatMap((outcome, i) =>
      outcome.status === "rejected" ? [{ outlet: this.#outlets[i], error: outcome.reason }] : []
    );
    if (faults.length > 0 && faults.length === this.#outlets.length) {
      await this.close();
      throw new PublishError(
        faults.map(({ error }) => textOf(error)).join("; "),
        faults.map(({ outlet }) => outlet.sink.name),
      );
    }
    for (const { outlet, error } of faults) this.#fail(outlet, error);
  }

  /** Whether any sink takes pictures. */
  get takesPictures(): boolean {
    return this.#outlets.some(({ sink }) => sink.takesPictures);
  }

  /** Events that broke the schema and were not published. */
  get invalidEvents(): number {
    return this.#invalidEvents;
  }

  /** What became of the pictures. */
  get pictures(): PictureCounters {
    return this.#pictures.counters;
  }

  /**
   * Checks and encodes an event once, and hands it to all sinks.
   *
   * @param draw draws its picture, which follows it; called if a sink takes pictures and no newer event of the kind came first.
   */
  event(event: WhenceEvent, draw?: DrawPicture): void {
    if (!this.#isOpen) return;
    const line = this.#encode(event);
    if (line === undefined) return;
    this.#tell((sink) => sink.event({ event, line }));
    if (draw !== undefined && this.#takesPictureOf(event)) this.#pictures.add(event, draw);
  }

  /** The pipeline's state; each sink is told in its reason which others do not deliver. */
  state(state: PipelineState): void {
    this.#state = state;
    this.#tellState();
  }

  /** Whether an event of this kind lasts now; repeating it costs nothing. */
  active(kind: HeadKind, on: boolean): void {
    this.#tell((sink) => sink.active(kind, on));
  }

  /** Publishes stats; and the state again if the sinks' complaints have changed. */
  stats(stats: object): void {
    this.#tell((sink) => sink.stats(stats));
    if (JSON.stringify(this.#currentComplaints()) !== this.#complaints) this.#tellState();
  }

  /** Resolves when the sinks have room for more events than one hop makes, or the signal aborts; see {@linkcode BackPressure}. */
  async room(signal: AbortSignal): Promise<void> {
    await this.#pressure.room(this.#sinks, signal);
  }

  /** Resolves when each sink that delivers has delivered all events, or the signal aborts. */
  async delivered(signal: AbortSignal): Promise<void> {
    await this.#pressure.empty(this.#sinks, signal);
  }

  /** What became of the messages, by sink; calls that threw count among `failures`. */
  counters(): Record<string, SinkStatus> {
    const current = this.#outlets.map(({ sink, failures }) => {
      const counters = sink.counters();
      const complaint = maskSecrets(sink.complaint() ?? "") || null;
      const status = { ...counters, failures: counters.failures + failures, complaint };
      return [sink.name, sum(this.#past[sink.name], status)] as const;
    });
    return { ...this.#past, ...Object.fromEntries(current) };
  }

  /** Waits until the pictures of all events were handed to the sinks, a few seconds at most. */
  async picturesDone(): Promise<void> {
    await within(PICTURES_MS, this.#pictures.idle());
  }

  /** Delivers what is waiting, a few seconds at most, and closes all sinks. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    await this.picturesDone();
    this.#isOpen = false;
    await Promise.all(this.#outlets.map(async (outlet) => {
      try {
        await outlet.sink.close();
      } catch (error) {
        this.#fail(outlet, error);
      }
    }));
    this.#past = this.counters();
    this.#outlets = [];
    this.#state = undefined;
  }

  #takesPictureOf(event: WhenceEvent): boolean {
    return this.#sinks.some((sink) => sink.takesPictures && (sink.takesPictureOf?.(event) ?? true));
  }

  get #sinks(): Sink[] {
    return this.#outlets.map(({ sink }) => sink);
  }

  #tellState(): void {
    const state = this.#state;
    if (state === undefined) return;
    const complaints = this.#currentComplaints();
    this.#complaints = JSON.stringify(complaints);
    this.#tell((sink) => {
      // Not its own: a broker that gets this message is available again.
      const others = complaints.filter(({ name }) => name !== sink.name).map(({ text }) => text);
      const reasons = state.reason === null ? others : [state.reason, ...others];
      sink.state({ ...state, reason: reasons.length === 0 ? null : reasons.join("; ") });
    });
  }

  #currentComplaints(): { name: string; text: string }[] {
    return Object.entries(this.counters()).flatMap(([name, { complaint, dropped }]) => {
      if (complaint === null) return [];
      return [{ name, text: dropped === 0 ? complaint : `${complaint} (${dropped} events lost)` }];
    });
  }

  /** The event as a line of JSON; undefined, counted and logged if it breaks the schema. */
  #encode(event: WhenceEvent): string | undefined {
    try {
      return encodeEvent(event);
    } catch (error) {
      this.#invalidEvents++;
      const reason = textOf(error);
      if (reason !== this.#invalidity) this.#log("warning", reason);
      this.#invalidity = reason;
      return undefined;
    }
  }

  #tell(call: (sink: Sink) => void): void {
    if (!this.#isOpen) return;
    for (const outlet of this.#outlets) {
      try {
        call(outlet.sink);
        outlet.fault = "";
      } catch (error) {
        this.#fail(outlet, error);
      }
    }
  }

  #fail(outlet: Outlet, error: unknown): void {
    outlet.failures++;
    const reason = textOf(error);
    if (reason !== outlet.fault) this.#log("warning", `${outlet.sink.name}: ${reason}`);
    outlet.fault = reason;
  }
}

/** Adds two sinks' counters; the complaint is the second one's. */
function sum(a: SinkStatus | undefined, b: SinkStatus): SinkStatus {
  if (a === undefined) return b;
  return {
    accepted: a.accepted + b.accepted,
    sent: a.sent + b.sent,
    acknowledged: a.acknowledged + b.acknowledged,
    waiting: a.waiting + b.waiting,
    stored: (a.stored ?? 0) + (b.stored ?? 0),
    dropped: a.dropped + b.dropped,
    refused: a.refused + b.refused,
    oversized: a.oversized + b.oversized,
    replaced: a.replaced + b.replaced,
    failures: a.failures + b.failures,
    complaint: b.complaint,
  };
}

const textOf = (error: unknown) => error instanceof Error ? error.message : String(error);
