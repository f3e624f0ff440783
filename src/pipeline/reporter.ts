import type { HeadKind } from "../core/head_kind.ts";
import type { Detection } from "../detection/detector.ts";
import type { WhenceEvent } from "../events/event.ts";
import type { Manifest } from "../model/manifest.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Log } from "../core/log.ts";
import type { HeldFrame } from "../ring/frame_ring.ts";
import { drawHeatMap } from "../viewer/heat_map_picture.ts";
import type { FitGeometry } from "../core/fit_geometry.ts";
import { Latencies } from "./latencies.ts";
import type { StreamListener } from "./stream.ts";

/** Hears of each event as it is published; `draw` gives its picture, if there is a frame. */
export type EventListener = (event: WhenceEvent, draw: () => Uint8Array | undefined) => void;

/** What a reporter works with. */
export interface ReporterOptions {
  readonly publisher: Publisher;
  readonly manifest: Manifest;
  readonly wantsHeatmap: boolean;
  readonly heard?: EventListener;
  readonly log: Log;
}

/** Publishes what a pipeline's streams find, and counts it. */
export class Reporter implements StreamListener {
  readonly #options: ReporterOptions;
  readonly #latencies = new Latencies();
  readonly #events = { sound: 0, speech: 0 };

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.active(new Set());
  }

  /** Events that have begun, and the latency of their first messages. */
  stats() {
    return {
      events: { ...this.#events },
      latency_ms: { p50: this.#latencies.quantile(0.5), p95: this.#latencies.quantile(0.95) },
    };
  }

  detected(
    detection: Detection,
    frame: HeldFrame | undefined,
    fit: FitGeometry,
    latencyMs: number,
  ): void {
    const event = { ...detection.event, latency_ms: latencyMs };
    const { publisher, wantsHeatmap, heard } = this.#options;
    publisher.event(event);
    if (event.type === "new") {
      this.#events[event.kind]++;
      this.#latencies.add(Math.round(latencyMs));
    }
    const draw = () => frame && this.#draw(detection, frame, fit);
    const png = wantsHeatmap ? draw() : undefined;
    if (png) publisher.heatmap(event.kind, png);
    heard?.(event, draw);
  }

  active(kinds: ReadonlySet<HeadKind>): void {
    const { publisher, manifest } = this.#options;
    for (const { kind } of manifest.heads) publisher.active(kind, kinds.has(kind));
  }

  clockSet(seconds: number): void {
    this.#options.log(
      "warning",
      `the system clock was set by ${seconds.toFixed(2)} s; time stamps follow`,
    );
  }

  #draw(
    { event, heatMap }: Detection,
    frame: HeldFrame,
    fit: FitGeometry,
  ): Uint8Array | undefined {
    const { width, height, grid } = this.#options.manifest.image;
    const { box, peak, kind } = event;
    if (!box || !peak) return undefined;
    return drawHeatMap({
      frame: frame.data,
      frameWidth: width,
      frameHeight: height,
      heatMap,
      gridWidth: grid.width,
      gridHeight: grid.height,
      fit,
      box,
      peak,
      kind,
    });
  }
}
