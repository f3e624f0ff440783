import type { Stream } from "./source.ts";

/** A recording of which not all could be read. */
export interface Damage {
  /** Seconds of which at least one stream could be read. */
  readonly readSeconds: number;
  /** Length of the recording as its container states it, s; undefined if it states none. */
  readonly ofSeconds: number | undefined;
  /** The error that ended the reading; undefined if the recording just ended early or has holes. */
  readonly error: string | undefined;
}

/** Distance of two frames, and of two pieces of sound, that is a hole, ns. */
const HOLE_NS = { video: 5e8, audio: 1e8 } as const;
/** A recording may lack this much of its stated length, and this share, which is often an estimate. */
const SLACK_NS = 1e9;
const SLACK_SHARE = 0.02;
/** Holes kept for a stream; a recording with more is damaged anyway. */
const MOST_HOLES = 10_000;

type Span = readonly [fromNs: number, toNs: number];

/** Keeps account of which parts of a recording were read. */
export class Coverage {
  readonly #streams: Partial<Record<Stream, { endNs: number; ended: boolean; holes: Span[] }>> = {};

  /** @param streams those that come from a recording. */
  constructor(streams: readonly Stream[]) {
    for (const stream of streams) {
      this.#streams[stream] = { endNs: -Infinity, ended: false, holes: [] };
    }
  }

  /** Notes that a stream was read from one running time to another. */
  read(stream: Stream, fromNs: number, toNs: number): void {
    const seen = this.#streams[stream];
    if (seen === undefined) return;
    const apart = fromNs - seen.endNs;
    if (apart > HOLE_NS[stream] && apart < Infinity && seen.holes.length < MOST_HOLES) {
      seen.holes.push([seen.endNs, fromNs]);
    }
    seen.endNs = Math.max(seen.endNs, toNs);
  }

  /** Notes that a stream was read to its end. */
  ended(stream: Stream): void {
    const seen = this.#streams[stream];
    if (seen !== undefined) seen.ended = true;
  }

  /** Running times at which the streams ended, ns; only those that were read to their end. */
  ends(): Partial<Record<Stream, number>> {
    return Object.fromEntries(
      Object.entries(this.#streams).filter(([, { ended }]) => ended)
        .map(([stream, { endNs }]) => [stream, endNs]),
    );
  }

  /**
   * What is wrong with the recording; undefined if it was read as a whole, or not to its end.
   *
   * Time in which one stream has data counts as read: a picture or a sound may be shorter than the other, or have pauses.
   */
  damage(durationNs: number | undefined, error?: string): Damage | undefined {
    const streams = Object.values(this.#streams);
    if (streams.length === 0 || !streams.every(({ ended }) => ended)) return undefined;
    const endNs = Math.max(...streams.map((seen) => seen.endNs), 0);
    const holesNs = length(streams.map(({ holes }) => holes).reduce(common));
    const missingNs = holesNs + Math.max(0, (durationNs ?? 0) - endNs);
    const slackNs = Math.max(SLACK_NS, SLACK_SHARE * (durationNs ?? endNs));
    if (error === undefined && missingNs <= slackNs) return undefined;
    const ofSeconds = durationNs === undefined ? undefined : durationNs / 1e9;
    return { readSeconds: (endNs - holesNs) / 1e9, ofSeconds, error };
  }
}

/** The parts that two ordered lists of spans have in common. */
function common(a: readonly Span[], b: readonly Span[]): Span[] {
  const shared: Span[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const from = Math.max(a[i][0], b[j][0]);
    const to = Math.min(a[i][1], b[j][1]);
    if (from < to) shared.push([from, to]);
    if (a[i][1] < b[j][1]) i++;
    else j++;
  }
  return shared;
}

function length(spans: readonly Span[]): number {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}
