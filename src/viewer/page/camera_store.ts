import type { HeadKind } from "../../core/head_kind.ts";
import type { PipelineState, WhenceEvent } from "../../events/event.ts";
import type { Description, LogLine, Tuning } from "../../telemetry/topics.ts";
import type { WireItem, WireNearMiss, WireStats, WireTopics, WireYaml } from "../wire.ts";
import { Playout } from "./playout.ts";
import { TimedList } from "./timed_list.ts";

/** Seconds that are kept and shown. */
export const KEPT_SECONDS = 60;
/** Pictures that are kept; at 10 frames/s a minute's worth, 50 MB or so. */
const MOST_PICTURES = 700;
/** A clock that is set shifts the zero of a source by less than a restart does, s. */
const SAME_SOURCE = 2;
const MOST_STEPS = 60 * 100;
const MOST_EVENTS = 200;
const MOST_NEAR_MISSES = 100;
const MOST_LOG_LINES = 300;

/** A camera picture that is kept. */
export interface KeptPicture {
  readonly t: number;
  readonly epochMs: number;
  readonly blob: Blob;
}

/** A similarity map that is kept. */
export interface KeptMaps {
  readonly t: number;
  readonly values: Float32Array;
}

/** One event with all its messages that the page has seen. */
export interface EventEntry {
  readonly id: string;
  readonly kind: HeadKind;
  /** The messages, oldest first, with the times that they describe. */
  readonly messages: { readonly t: number; readonly event: WhenceEvent }[];
  /** Epoch time of running time 0 of the source that it comes from, s. */
  readonly zeroS: number;
  /** The picture and the map where the score was highest, if the page was watching. */
  best?: { readonly score: number; readonly picture: KeptPicture; readonly maps?: KeptMaps };
  /** Steps around the event, kept when they leave the timeline. */
  curve: WireTopics["step"][];
}

/** A near miss with the picture at its peak. */
export interface NearMissEntry extends WireNearMiss {
  readonly t: number;
  readonly epochMs: number;
}

/** All that the page knows of one camera; `changed` is called after each change. */
export class CameraStore {
  readonly name: string;
  description: Description | undefined;
  state: PipelineState | undefined;
  tuning: Tuning | undefined;
  stats: WireStats | undefined;
  yaml: WireYaml | undefined;
  lost = 0;
  readonly log: LogLine[] = [];
  readonly events = new Map<string, EventEntry>();
  readonly nearMisses: NearMissEntry[] = [];
  readonly pictures = new TimedList<KeptPicture>(KEPT_SECONDS, MOST_PICTURES);
  readonly maps = new TimedList<KeptMaps>(KEPT_SECONDS, MOST_STEPS);
  readonly steps = new TimedList<WireTopics["step"]>(KEPT_SECONDS, MOST_STEPS);
  readonly hops = new TimedList<WireTopics["hop"]>(KEPT_SECONDS, MOST_STEPS);
  /** The time that is frozen, s; undefined while live. */
  frozenT: number | undefined;
  readonly #playout = new Playout();
  readonly #changed: () => void;
  #rates: { readonly atMs: number; readonly stats: WireStats } | undefined;
  frameRate: number | undefined;
  hopRate: number | undefined;

  constructor(name: string, changed: () => void) {
    this.name = name;
    this.#changed = changed;
  }

  /** Time of the newest thing that can be shown, s. */
  get newestT(): number {
    const step = this.steps.newest?.t ?? -Infinity;
    const picture = this.pictures.newest?.t ?? -Infinity;
    // Without sound there are no steps; the picture goes on.
    return picture - step > 3 ? picture : step;
  }

  /** The time to show, s; undefined before anything came. */
  shownT(): number | undefined {
    if (this.frozenT !== undefined) return this.frozenT;
    const newest = this.newestT;
    return Number.isFinite(newest) ? this.#playout.now(newest) : undefined;
  }

  /** Stops at a time, or goes on live. */
  freeze(t: number | undefined): void {
    const first = this.steps.all[0]?.t ?? this.pictures.all[0]?.t;
    if (t === undefined || first === undefined) this.frozenT = undefined;
    else this.frozenT = Math.min(Math.max(t, first), this.newestT);
    this.#changed();
  }

  /** Events of the source as it runs now: opened again, it counts its time from 0 again. */
  currentEvents(): EventEntry[] {
    const newest = this.steps.newest ?? this.pictures.newest;
    if (newest === undefined) return [];
    const zeroS = newest.epochMs / 1000 - newest.t;
    return [...this.events.values()].filter((entry) => Math.abs(entry.zeroS - zeroS) < SAME_SOURCE);
  }

  /** Events with a message that describes a time at or before `t` and that had not ended then. */
  activeAt(t: number): { readonly entry: EventEntry; readonly event: WhenceEvent }[] {
    const active = [];
    for (const entry of this.currentEvents()) {
      const { event } = entry.messages.findLast((message) => message.t <= t + 0.3) ??
        entry.messages[0];
      const { onset, offset } = entry.messages.at(-1)!.event.stream;
      if (onset <= t && t <= (offset ?? Infinity)) active.push({ entry, event });
    }
    return active;
  }

  /** Takes one message. */
  take(item: WireItem): void {
    switch (item.topic) {
      case "description":
        this.description = item.message;
        break;
      case "state":
        this.state = item.message;
        break;
      case "tuning":
        this.tuning = item.message;
        break;
      case "yaml":
        this.yaml = item.message;
        break;
      case "stats":
        this.#takeStats(item.message);
        break;
      case "log":
        this.log.push(item.message);
        if (this.log.length > MOST_LOG_LINES) this.log.shift();
        break;
      case "lost":
        if (item.message.of === "event") this.lost += item.message.count;
        break;
      case "picture":
        this.pictures.add({
          ...item.message,
          blob: new Blob([item.blob!.slice()], { type: "image/jpeg" }),
        });
        break;
      case "maps": {
        const values = new Float32Array(item.blob!.slice().buffer);
        this.maps.add({ t: item.message.t, values });
        break;
      }
      case "step":
        this.steps.add(item.message);
        break;
      case "hop":
        this.hops.add(item.message);
        break;
      case "event":
        this.#takeEvent(item.message);
        break;
      case "near_miss":
        this.nearMisses.push(item.message);
        if (this.nearMisses.length > MOST_NEAR_MISSES) this.nearMisses.shift();
        break;
    }
    this.#changed();
  }

  /** Forgets what is of an earlier server process. */
  restart(): void {
    this.pictures.clear();
    this.maps.clear();
    this.steps.clear();
    this.hops.clear();
    this.log.length = 0;
    this.nearMisses.length = 0;
    this.frozenT = undefined;
    this.#rates = undefined;
  }

  #takeStats(stats: WireStats): void {
    this.stats = stats;
    const atMs = performance.now();
    const former = this.#rates;
    if (former === undefined) {
      this.#rates = { atMs, stats };
    } else if (atMs - former.atMs > 1900) {
      const seconds = (atMs - former.atMs) / 1000;
      const rate = (now: number | undefined, then: number | undefined) =>
        Math.max(0, (now ?? 0) - (then ?? 0)) / seconds;
      this.frameRate = rate(stats.frames?.captured, former.stats.frames?.captured);
      this.hopRate = rate(stats.hops?.run, former.stats.hops?.run);
      this.#rates = { atMs, stats };
    }
  }

  #takeEvent({ t, epochMs, event }: WireTopics["event"]): void {
    let entry = this.events.get(event.id);
    if (entry === undefined) {
      const zeroS = epochMs / 1000 - t;
      entry = { id: event.id, kind: event.kind, zeroS, messages: [], curve: [] };
      this.events.set(event.id, entry);
      if (this.events.size > MOST_EVENTS) this.events.delete(this.events.keys().next().value!);
    }
    if (entry.messages.at(-1)?.event.seq === event.seq) return;
    entry.messages.push({ t, event });
    const { onset, offset } = event.stream;
    entry.curve = this.steps.between(onset - 2, (offset ?? t) + 1);
    const picture = this.pictures.nearest(t);
    if (picture && Math.abs(picture.t - t) < 1 && event.current_score > (entry.best?.score ?? -1)) {
      entry.best = { score: event.current_score, picture, maps: this.maps.nearest(t) };
    }
  }
}
