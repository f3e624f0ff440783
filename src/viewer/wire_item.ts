import type { FeedItem } from "../telemetry/feed.ts";
import type { Moment } from "../telemetry/topics.ts";
import type { WireItem, WireMoment } from "./wire.ts";

/** A telemetry message as the page gets it. */
export function wireItem(pipeline: string, { topic, message }: FeedItem): WireItem | undefined {
  switch (topic) {
    case "description":
    case "state":
    case "tuning":
    case "stats":
    case "log":
    case "lost":
      return { pipeline, topic, message } as WireItem;
    case "picture":
      return { pipeline, topic, message: moment(message), blob: message.jpeg };
    case "step": {
      const { framePtsNs, level, gate, heads } = message;
      return {
        pipeline,
        topic,
        message: {
          ...moment(message),
          frameT: seconds(framePtsNs),
          // JSON has no infinity.
          level: Math.max(level, QUIETEST_DBFS),
          gate,
          heads: heads.map(({ kind: _, ...head }) => head),
        },
      };
    }
    case "maps": {
      const { values, framePtsNs } = message;
      return {
        pipeline,
        topic,
        message: { ...moment(message), frameT: seconds(framePtsNs) },
        blob: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      };
    }
    case "hop": {
      const { finalNs, tookMs, skippedHops, missingSamples } = message;
      return {
        pipeline,
        topic,
        message: {
          ...moment(message),
          finalT: seconds(finalNs),
          tookMs,
          skippedHops,
          missingSamples,
        },
      };
    }
    case "event":
      return { pipeline, topic, message: { ...moment(message), event: message.event } };
    case "near_miss": {
      const { startNs, endNs, ptsNs: _pts, epochNs: _epoch, head: _head, ...rest } = message;
      return {
        pipeline,
        topic,
        message: {
          ...rest,
          ...moment(message),
          level: Math.max(rest.level, QUIETEST_DBFS),
          startT: seconds(startNs),
          endT: seconds(endNs),
        },
      };
    }
    case "frame":
    case "features":
    case "audio":
      return undefined;
  }
}

/** The lowest level that is shown, dBFS. */
const QUIETEST_DBFS = -120;

const seconds = (ns: number) => ns / 1e9;

function moment({ ptsNs, epochNs }: Moment): WireMoment {
  return { t: seconds(ptsNs), epochMs: Number(epochNs / 1000n) / 1000 };
}
