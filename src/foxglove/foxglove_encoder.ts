import type { WhenceEvent } from "../events/event.ts";
import type { Description, TelemetryMessage } from "../telemetry/topics.ts";
import { bearingScene, imageAnnotations } from "./annotations.ts";
import type { ChannelName } from "./channels.ts";
import { jpegSize } from "./jpeg_size.ts";
import { pcm16 } from "./pcm16.ts";
import { type Time, timeOf } from "./time.ts";

/** One message of a channel. */
export interface FoxgloveMessage {
  readonly channel: ChannelName;
  /** Capture time, epoch ns. */
  readonly epochNs: bigint;
  /** JSON. */
  readonly data: Uint8Array<ArrayBuffer>;
}

interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A camera's optical frame (REP 103: z forward, x right, y down) in its body frame (x forward, y left, z up). */
const OPTICAL = { x: -0.5, y: 0.5, z: -0.5, w: 0.5 };
const LOG_LEVELS: Readonly<Record<string, number>> = { debug: 1, info: 2, warning: 3, error: 4 };
const text = new TextEncoder();

/** Turns a pipeline's telemetry into messages of its Foxglove channels. */
export class FoxgloveEncoder {
  readonly #pipeline: string;
  /** The newest message of each event that lasts. */
  readonly #active = new Map<string, WhenceEvent>();
  #description: Description | undefined;
  #picture: PictureSize | undefined;
  #newPlace = false;

  constructor(pipeline: string) {
    this.#pipeline = pipeline;
  }

  /** The messages that one message of telemetry gives. */
  encode(told: TelemetryMessage): FoxgloveMessage[] {
    switch (told.topic) {
      case "description":
        this.#description = told.message;
        this.#newPlace = true;
        return [];
      case "state":
        return [message("state", nowNs(), told.message)];
      case "log": {
        const { timeMs, level, message: line } = told.message;
        const epochNs = BigInt(Math.round(timeMs)) * 1_000_000n;
        return [message("log", epochNs, {
          timestamp: timeOf(epochNs),
          level: LOG_LEVELS[level] ?? 0,
          message: line,
          name: this.#pipeline,
          file: "",
          line: 0,
        })];
      }
      case "picture": {
        const { epochNs, jpeg } = told.message;
        return this.#place(epochNs, jpegSize(jpeg)).concat(message("picture", epochNs, {
          timestamp: timeOf(epochNs),
          frame_id: this.#opticalFrame(),
          data: jpeg.toBase64(),
          format: "jpeg",
        }));
      }
      case "step": {
        const { epochNs, level, gate, heads } = told.message;
        const scores = heads.map(({ kind, score, ungated, similarity, on, off, active }) =>
          [kind, { score, ungated, similarity, on, off, active }] as const
        );
        return [message("scores", epochNs, {
          timestamp: timeOf(epochNs),
          level: finite(level),
          gate,
          ...Object.fromEntries(scores),
        })];
      }
      case "audio": {
        const { epochNs, sampleRate, samples } = told.message;
        return [message("audio", epochNs, {
          timestamp: timeOf(epochNs),
          data: pcm16(samples).toBase64(),
          format: "pcm-s16",
          sample_rate: sampleRate,
          number_of_channels: 1,
        })];
      }
      case "maps":
        return this.#maps(told.message);
      case "event": {
        const { event, epochNs } = told.message;
        const timestamp = timeOf(epochNs);
        if (event.type === "end") this.#active.delete(event.id);
        else this.#active.set(event.id, event);
        const scene = bearingScene(event, timestamp);
        return [
          message("event", epochNs, event),
          this.#annotations(epochNs, timestamp),
          ...(scene === undefined ? [] : [message("scene", epochNs, scene)]),
        ];
      }
      case "near_miss": {
        const {
          epochNs,
          ptsNs,
          startNs,
          endNs,
          kind,
          reason,
          score,
          level,
          on,
          minDuration,
          gate,
        } = told.message;
        const at = (runningNs: number) => timeOf(epochNs + BigInt(Math.round(runningNs - ptsNs)));
        return [message("near_miss", epochNs, {
          timestamp: timeOf(epochNs),
          kind,
          reason,
          start: at(startNs),
          end: at(endNs),
          score,
          level: finite(level),
          on,
          min_duration: minDuration,
          gate,
        })];
      }
      default:
        return [];
    }
  }

  #opticalFrame(): string {
    return `${this.#description?.frameId ?? "camera"}_optical`;
  }

  #annotations(epochNs: bigint, timestamp: Time): FoxgloveMessage {
    const { sourceWidth: width, sourceHeight: height } = this.#description!.fit;
    const size = this.#picture ?? { width, height };
    return message(
      "annotations",
      epochNs,
      imageAnnotations([...this.#active.values()], timestamp, size),
    );
  }

  /** The camera's transform and calibration, when they are new. */
  #place(epochNs: bigint, picture: PictureSize | undefined): FoxgloveMessage[] {
    const description = this.#description;
    if (description === undefined) return [];
    if (picture !== undefined && picture.width !== this.#picture?.width) this.#newPlace = true;
    this.#picture = picture ?? this.#picture;
    if (!this.#newPlace) return [];
    this.#newPlace = false;
    const timestamp = timeOf(epochNs);
    const child = this.#opticalFrame();
    const messages = [message("transform", epochNs, {
      timestamp,
      parent_frame_id: description.frameId,
      child_frame_id: child,
      translation: { x: 0, y: 0, z: 0 },
      rotation: OPTICAL,
    })];
    const { optics, fit } = description;
    if (optics !== undefined && this.#picture !== undefined) {
      const { width, height } = this.#picture;
      const [across, down] = [width / fit.sourceWidth, height / fit.sourceHeight];
      const [fx, cx, fy, cy] = [
        optics.fx * across,
        optics.cx * across,
        optics.fy * down,
        optics.cy * down,
      ];
      messages.push(message("calibration", epochNs, {
        timestamp,
        frame_id: child,
        width,
        height,
        distortion_model: "plumb_bob",
        D: [0, 0, 0, 0, 0],
        K: [fx, 0, cx, 0, fy, cy, 0, 0, 1],
        R: [1, 0, 0, 0, 1, 0, 0, 0, 1],
        P: [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0],
      }));
    }
    return messages;
  }

  #maps({ epochNs, values }: Extract<TelemetryMessage, { topic: "maps" }>["message"]) {
    if (this.#description === undefined) return [];
    const { heads, grid: { width, height } } = this.#description;
    const cells = width * height;
    return heads.map(({ kind }, k) => {
      const map = values.slice(k * cells, (k + 1) * cells);
      return message(`${kind}/map`, epochNs, {
        timestamp: timeOf(epochNs),
        frame_id: this.#opticalFrame(),
        width,
        height,
        encoding: "32FC1",
        step: width * 4,
        data: new Uint8Array(map.buffer).toBase64(),
      });
    });
  }
}

function message(channel: ChannelName, epochNs: bigint, value: unknown): FoxgloveMessage {
  return { channel, epochNs, data: text.encode(JSON.stringify(value)) };
}

/** Digital silence has no level in JSON. */
function finite(level: number): number {
  return Math.max(-200, level);
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
