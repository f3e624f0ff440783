import type { HeadKind } from "../core/head_kind.ts";
import type { PipelineState, WhenceEvent } from "../events/event.ts";
import type {
  Description,
  HeadScore,
  LogLine,
  NearMissReason,
  Position,
  Tuning,
} from "../telemetry/topics.ts";

// What travels between the server and its page; both sides import this file, so it has no imports but types.

/** A capture time: seconds of running time, and milliseconds since the epoch. */
export interface WireMoment {
  readonly t: number;
  readonly epochMs: number;
}

/** What the page gets of each topic; times in seconds of running time. */
export interface WireTopics {
  readonly description: Description;
  readonly state: PipelineState;
  readonly tuning: Tuning;
  readonly stats: WireStats;
  readonly log: LogLine;
  /** The blob is a JPEG file. */
  readonly picture: WireMoment;
  readonly step: WireMoment & {
    readonly frameT: number;
    readonly level: number;
    readonly gate: number;
    /** In the order of the description's heads. */
    readonly heads: readonly Omit<HeadScore, "kind">[];
  };
  /** The blob is `s[k, y, x]` as 32-bit floats. */
  readonly maps: WireMoment & { readonly frameT: number };
  readonly hop: WireMoment & {
    readonly finalT: number;
    readonly tookMs: number;
    readonly skippedHops: number;
    readonly missingSamples: number;
  };
  readonly event: WireMoment & { readonly event: WhenceEvent };
  readonly near_miss: WireMoment & WireNearMiss;
  /** Messages that the reader was too slow for. */
  readonly lost: { readonly of: string; readonly count: number };
  /** The YAML lines that differ from the pipeline file. */
  readonly yaml: WireYaml;
}

/** A near miss; see the telemetry's. */
export interface WireNearMiss {
  readonly kind: HeadKind;
  readonly reason: NearMissReason;
  readonly startT: number;
  readonly endT: number;
  readonly score: number;
  readonly level: number;
  readonly activeSeconds: number;
  readonly on: number;
  readonly minDuration: number;
  readonly gate: number;
  readonly peak: Position;
  readonly box: readonly [number, number, number, number];
}

/** How the settings in use differ from the pipeline file. */
export interface WireYaml {
  readonly file: string;
  /** Changed lines with the keys around them; empty if nothing differs. */
  readonly text: string;
  /** Whether the server may write the file. */
  readonly editable: boolean;
  readonly fault?: string;
}

/** The parts of `P/NAME/stats` that the page shows. */
export interface WireStats {
  readonly uptime_s?: number;
  readonly reconnects?: number;
  readonly frames?: { readonly captured: number; readonly dropped: number };
  readonly hops?: { readonly run: number; readonly skipped: number };
  readonly latency_ms?: { readonly p50: number | null; readonly p95: number | null };
  readonly providers?: Readonly<Record<string, string>>;
  readonly sinks?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A topic that travels. */
export type WireTopic = keyof WireTopics;

/** One message of one pipeline. */
export type WireItem = {
  readonly [T in WireTopic]: {
    readonly pipeline: string;
    readonly topic: T;
    readonly message: WireTopics[T];
    /** Bytes that go with the message. */
    readonly blob?: Uint8Array<ArrayBuffer>;
  };
}[WireTopic];

/** What the page learns first. */
export interface Hello {
  readonly pipelines: readonly string[];
  readonly version: string;
  /** Differs between two starts of the server. */
  readonly session: string;
}

/** The server process. */
export interface ProcessUse {
  /** Share of one core, 0..; may exceed 1. */
  readonly cpu: number;
  readonly rssBytes: number;
}

/** What the server sends at a time. */
export interface Batch {
  /** Counts batches from 1; the page acknowledges each. */
  readonly number: number;
  readonly hello?: Hello;
  readonly process?: ProcessUse;
  readonly items: readonly WireItem[];
}

/**
 * How much of a pipeline the page shows: everything; everything but pictures, while it is hidden; a small live picture; or only
 * state and events.
 */
export type Watching = "full" | "hidden" | "preview" | "background";

/** What the page sends. */
export type ClientMessage =
  | { readonly type: "ack"; readonly number: number }
  | { readonly type: "watch"; readonly pipelines: Readonly<Record<string, Watching>> }
  | { readonly type: "tune"; readonly pipeline: string; readonly change: unknown }
  | { readonly type: "reset"; readonly pipeline: string }
  | { readonly type: "save"; readonly pipeline: string };

const ALIGN = 4;
const padded = (length: number) => Math.ceil(length / ALIGN) * ALIGN;

/**
 * A batch as bytes: the length of the JSON part as 32-bit little endian, the JSON part, then the blobs in the order of their
 * messages; everything begins at a multiple of 4 bytes.
 */
export function encodeBatch(batch: Batch): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(JSON.stringify({
    ...batch,
    items: batch.items.map(({ blob, ...item }) => blob ? { ...item, bytes: blob.length } : item),
  }));
  const blobs = batch.items.flatMap(({ blob }) => blob ? [blob] : []);
  let at = ALIGN + padded(head.length);
  const bytes = new Uint8Array(blobs.reduce((sum, blob) => sum + padded(blob.length), at));
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, ALIGN);
  for (const blob of blobs) {
    bytes.set(blob, at);
    at += padded(blob.length);
  }
  return bytes;
}

/** The batch in bytes that {@linkcode encodeBatch} made; its blobs are views of them. */
export function decodeBatch(bytes: ArrayBuffer): Batch {
  const length = new DataView(bytes).getUint32(0, true);
  const batch = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, ALIGN, length)));
  let at = ALIGN + padded(length);
  const items = batch.items.map(({ bytes: size, ...item }: { bytes?: number }) => {
    if (size === undefined) return item;
    const blob = new Uint8Array(bytes, at, size);
    at += padded(size);
    return { ...item, blob };
  });
  return { ...batch, items };
}
