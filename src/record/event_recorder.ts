import { join } from "node:path";
import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import type { WhenceEvent } from "../events/event.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Description, TelemetryEvent, TelemetryMessage } from "../telemetry/topics.ts";
import { type Cut, EncodedRing, type TimedPicture } from "./encoded_ring.ts";
import { writeEventClip } from "./event_clip.ts";
import { drawEventPicture } from "./event_picture.ts";
import { pruneRecordings } from "./prune_recordings.ts";
import type { RecordConfig } from "./record_schema.ts";
import { RecordWork } from "./record_work.ts";
import { segmentName } from "./segment_name.ts";
import type { VideoFormat } from "./video_format.ts";
import { writeWhole } from "./write_whole.ts";

/** Events announced later than their onset by more than this lose the beginning of their pre-roll, s. */
const SLACK = 3;
/** How far pictures and sound may be apart, s. */
const LAG = 2;
/** How long unfinished recordings may take when the pipeline stops, ms. */
const CLOSE_MS = 10_000;

/** What a recorder works with. */
export interface EventRecorderOptions {
  readonly config: RecordConfig;
  readonly pipeline: string;
  /** Absolute path of the folder. */
  readonly folder: string;
  readonly format: VideoFormat;
  readonly telemetry: Telemetry;
  readonly log: Log;
}

interface OpenEvent {
  readonly onset: number;
  /** The message with the highest score, and its picture. */
  best: TelemetryEvent;
  picture: TimedPicture | undefined;
  /** When the clip is complete; undefined while the event lasts. */
  due: number | undefined;
}

/**
 * Keeps a picture and a clip with sound of each event, or everything in segments. Encoded pictures and samples of the last seconds
 * are in memory; files get their names when they are complete, so that a killed process leaves none that cannot be read.
 */
export class EventRecorder implements AsyncDisposable {
  readonly #options: EventRecorderOptions;
  readonly #ring = new EncodedRing();
  readonly #work: RecordWork;
  readonly #open = new Map<string, OpenEvent>();
  readonly #listening: Disposable;
  readonly #stop = new AbortController();
  #description: Description | undefined;
  /** Capture time of the first picture. */
  #started: number | undefined;
  /** Number of the segment that is captured now. */
  #segment: number | undefined;
  #pictures = 0;
  #clips = 0;
  #deleted = 0;

  private constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#work = new RecordWork(options.folder, options.log);
    const topics = ["description", "state", "picture", "audio", "event"] as const;
    this.#listening = options.telemetry.listen(topics, (told) => this.#take(told));
  }

  /** Starts to record; a folder that cannot be written is a complaint, not an error. */
  static async start(options: EventRecorderOptions): Promise<EventRecorder> {
    const recorder = new EventRecorder(options);
    recorder.#work.add(() => recorder.#prune());
    await recorder.#work.idle();
    return recorder;
  }

  /** Names of an event's files. */
  mediaOf({ id, onset, located }: Pick<WhenceEvent, "id" | "onset" | "located">) {
    const { config: { picture, mode } } = this.#options;
    const clip = mode === "events" ? this.#clipName(id) : this.#segmentName(this.#numberOf(onset));
    return { ...(picture && located && { picture: `${id}.jpg` }), clip };
  }

  /** Counters since the start. */
  counters() {
    return {
      pictures: this.#pictures,
      clips: this.#clips,
      deleted: this.#deleted,
      ...this.#work.counters(),
    };
  }

  /** Finishes what was captured, within some seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening[Symbol.dispose]();
    this.#finishAll();
    await within(CLOSE_MS, this.#work.idle());
    this.#stop.abort();
    await this.#work.idle();
  }

  #take(told: TelemetryMessage): void {
    switch (told.topic) {
      case "description":
        this.#description = told.message;
        break;
      case "picture":
        this.#ring.addPicture(told.message);
        this.#started ??= this.#ring.newest;
        this.#tidy();
        break;
      case "audio":
        this.#ring.addSound(told.message);
        this.#tidy();
        break;
      case "event":
        this.#event(told.message);
        break;
      case "state":
        // A source that is lost brings nothing more to wait for.
        if (told.message.state !== "running") this.#finishAll();
    }
  }

  #event(told: TelemetryEvent): void {
    const { id, onset, offset, type, current_score: score } = told.event;
    const { post } = this.#options.config;
    const open = this.#open.get(id);
    const due = type === "end" ? (offset ?? onset) + post : undefined;
    const picture = this.#ring.nearest(Number(told.epochNs) / 1e9);
    if (open === undefined) {
      this.#open.set(id, { onset, best: told, picture, due });
      return;
    }
    open.due ??= due;
    const isBetter = told.event.located &&
      (!open.best.event.located || score > open.best.event.current_score);
    if (!isBetter) return;
    open.best = told;
    open.picture = picture;
  }

  #tidy(): void {
    const { config: { pre, segment, mode, longest, post } } = this.#options;
    const newest = Math.max(this.#ring.newest, this.#ring.heard);
    this.#finishUntil(newest - LAG);
    const onsets = [...this.#open.values()].map(({ onset }) => onset);
    const back = mode === "all"
      ? Math.min(newest - SLACK, (this.#segment ?? Infinity) * segment)
      : Math.min(newest - SLACK, ...onsets) - pre;
    const farthest = mode === "all" ? segment : pre + longest + post;
    this.#ring.forget(Math.max(back, newest - farthest - SLACK));
  }

  #finishAll(): void {
    this.#finishUntil(Infinity);
    this.#segment = undefined;
  }

  /** Writes what is complete at a time. */
  #finishUntil(now: number): void {
    const { config: { pre, post, longest, picture, mode }, folder } = this.#options;
    for (const [id, { onset, best, picture: shown, due: wanted }] of this.#open) {
      const due = Math.min(wanted ?? Infinity, onset + longest + post);
      if (now < due) continue;
      this.#open.delete(id);
      if (picture && best.event.located && shown !== undefined) {
        const path = join(folder, `${id}.jpg`);
        this.#work.add(() => this.#writePicture(path, best, shown.jpeg));
      }
      if (mode === "events") this.#cut(onset - pre, due, this.#clipName(id));
    }
    if (mode === "all") this.#finishSegments(now);
  }

  #finishSegments(now: number): void {
    const { segment } = this.#options.config;
    if (this.#ring.newest === -Infinity) return;
    this.#segment ??= this.#numberOf(this.#ring.newest);
    const end = Math.min(now, this.#ring.newest);
    while (
      this.#segment < this.#numberOf(end) || now === Infinity && this.#segment * segment < end
    ) {
      const from = this.#segment * segment;
      this.#cut(from, from + segment, this.#segmentName(this.#segment));
      this.#segment++;
    }
  }

  #cut(from: number, to: number, name: string): void {
    const cut = this.#ring.cut(from, to);
    if (cut.pictures.length === 0) return;
    const path = join(this.#options.folder, name);
    const bytes = cut.pictures.reduce((sum, { jpeg }) => sum + jpeg.length, 0);
    this.#work.add(() => this.#writeClip(path, cut), bytes);
  }

  async #writePicture(path: string, { event, heatMap }: TelemetryEvent, jpeg: Uint8Array) {
    const { grid, fit } = this.#description!;
    const data = await drawEventPicture({
      picture: jpeg,
      event,
      heatMap: { values: heatMap, ...grid },
      fit,
    });
    await writeWhole(path, data);
    this.#pictures++;
    await this.#prune();
  }

  async #writeClip(path: string, cut: Cut): Promise<void> {
    const { format } = this.#options;
    const rate = Math.max(1, Math.round(this.#description!.frameRate));
    await writeEventClip(cut, path, { format, rate, signal: this.#stop.signal });
    this.#clips++;
    await this.#prune();
  }

  async #prune(): Promise<void> {
    const { config: { max_mb, max_age }, folder } = this.#options;
    this.#deleted += await pruneRecordings(folder, { bytes: max_mb * 1e6, seconds: max_age });
  }

  #clipName(id: string): string {
    return `${id}.${this.#options.format.extension}`;
  }

  #numberOf(seconds: number): number {
    return Math.floor(seconds / this.#options.config.segment);
  }

  #segmentName(number: number): string {
    const { config: { segment }, pipeline, format } = this.#options;
    // After a restart, the first segment must not replace the one before.
    const begin = Math.max(number * segment, Math.floor(this.#started ?? 0));
    return segmentName(pipeline, begin, format.extension);
  }
}
