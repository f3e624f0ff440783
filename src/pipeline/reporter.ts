import type { FitGeometry } from "../core/fit_geometry.ts";
import type { HeadKind } from "../core/head_kind.ts";
import type { Log } from "../core/log.ts";
import type { Detection } from "../detection/detector.ts";
import type { WhenceEvent } from "../events/event.ts";
import { nsFromStamp } from "../events/stamp.ts";
import type { Manifest } from "../model/manifest.ts";
import type { DrawPicture } from "../publish/picture_queue.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { HeldFrame } from "../ring/frame_ring.ts";
import type { EventTally } from "./event_tally.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { StreamListener } from "./stream_listener.ts";

/** Receives each event as it is published; `draw` draws its picture, and is undefined if it has none. */
export type EventListener = (event: WhenceEvent, draw: DrawPicture | undefined) => void;

/** What a reporter works with. */
export interface ReporterOptions {
  readonly publisher: Publisher;
  readonly manifest: Manifest;
  readonly tally: EventTally;
  readonly heard?: EventListener;
  readonly telemetry: Telemetry;
  /** Names of an event's recordings. */
  readonly mediaOf: (event: Omit<WhenceEvent, "latency_ms">) => WhenceEvent["media"];
  /** The camera's picture at a capture time in epoch seconds, a JPEG file; undefined if there is none. */
  readonly pictureAt: (seconds: number) => Uint8Array | undefined;
  readonly log: Log;
}

/** Publishes what a pipeline's streams find. */
export class Reporter implements StreamListener {
  readonly #options: ReporterOptions;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.active(new Set());
  }

  detected(
    detection: Detection,
    frame: HeldFrame | undefined,
    fit: FitGeometry,
    latencyMs: number,
  ): void {
    const { publisher, tally, heard, telemetry, mediaOf } = this.#options;
    const media = mediaOf(detection.event);
    const event = { ...detection.event, media, latency_ms: latencyMs };
    const pictured = publisher.takesPictures || heard !== undefined;
    const draw = pictured ? this.#drawing(event, detection.heatMap, frame, fit) : undefined;
    publisher.event(event, draw);
    tally.add(event, latencyMs);
    heard?.(event, draw);
    if (telemetry.wants("event")) {
      const { atNs: ptsNs, heatMap } = detection;
      const epochNs = nsFromStamp(event.header.stamp);
      telemetry.tell("event", { event, heatMap, ptsNs, epochNs });
    }
  }

  active(kinds: ReadonlySet<HeadKind>): void {
    const { publisher, manifest } = this.#options;
    for (const { kind } of manifest.heads) publisher.active(kind, kinds.has(kind));
  }

  room(signal: AbortSignal): Promise<void> {
    return this.#options.publisher.room(signal);
  }

  clockSet(seconds: number): void {
    this.#options.log(
      "warning",
      `the system clock was set by ${seconds.toFixed(2)} s; time stamps follow`,
    );
  }

  #drawing(
    event: WhenceEvent,
    heatMap: Float32Array,
    frame: HeldFrame | undefined,
    fit: FitGeometry,
  ): DrawPicture | undefined {
    if (!event.located) return undefined;
    const { manifest: { image: { width, height, grid } }, pictureAt } = this.#options;
    const jpeg = pictureAt(Number(nsFromStamp(event.header.stamp)) / 1e9);
    // The ring overwrites the frame before the picture is drawn.
    const picture = jpeg ?? (frame && { data: frame.data.slice(), width, height });
    if (picture === undefined) return undefined;
    return async () => {
      // Loaded with the first picture: most pipelines draw none.
      const { drawPublishedPicture } = await import("../record/published_picture.ts");
      return await drawPublishedPicture({
        picture,
        event,
        heatMap: { values: heatMap, ...grid },
        fit,
      });
    };
  }
}
