import type { Stream } from "./source.ts";

/** Result for a recording that could not be read completely. */
export interface Damage {
  /** Time for which at least one stream could be read, s. */
  readonly readSeconds: number;
  /** Duration of the recording according to its container, s; undefined if unknown. */
  readonly ofSeconds: number | undefined;
  /** The error at which reading stopped; undefined if the recording ended early or has gaps. */
  readonly error: string | undefined;
}

/** Distance between two audio chunks that counts as a gap, ns. */
const AUDIO_GAP_NS = 1e8;
/** Distance between two frames that counts as a gap: ns, and in frame periods. */
const VIDEO_GAP_NS = 5e8;
const VIDEO_GAP_PERIODS = 2;
/** Tolerated shortfall, ns and as a share of the duration, which is often an estimate. */
const SLACK_NS = 1e9;
const SLACK_SHARE = 0.02;
/** Maximum number of gaps recorded per stream. */
const MAX_GAPS = 10_000;

type Span = readonly [fromNs: number, toNs: number];

/** Records which parts of a recording were read. */
export class Coverage {
  readonly #streams: Partial<Record<Stream, { endNs: number; ended: boolean; gaps: Span[] }>> = {};

  readonly #gapNs: Readonly<Record<Stream, number>>;

  /**
   * @param streams the streams that come from a recording.
   * @param frameRate frames per second.
   */
  constructor(streams: readonly Stream[], frameRate: number) {
    this.#gapNs = {
      video: Math.max(VIDEO_GAP_NS, VIDEO_GAP_PERIODS * 1e9 / frameRate),
      audio: AUDIO_GAP_NS,
    };
    for (const stream of streams) {
      this.#streams[stream] = { endNs: -Infinity, ended: false, gaps: [] };
    }
  }

  /** Records that a stream was read from one running time to another. */
  read(stream: Stream, fromNs: number, toNs: number): void {
    const seen = this.#streams[stream];
    if (seen === undefined) return;
    const apart = fromNs - seen.endNs;
    if (apart > this.#gapNs[stream] && apart < Infinity && seen.gaps.length < MAX_GAPS) {
      seen.gaps.push([seen.endNs, fromNs]);
    }
    seen.endNs = Math.max(seen.endNs, toNs);
  }

  /** Records that a stream was read to its end. */
  ended(stream: Stream): void {
    const seen = this.#streams[stream];
    if (seen !== undefined) seen.ended = true;
  }

  /** End times of the streams that were read to their end, ns of running time. */
  ends(): Partial<Record<Stream, number>> {
    return Object.fromEntries(
      Object.entries(this.#streams).filter(([, { ended }]) => ended)
        .map(([stream, { endNs }]) => [stream, endNs]),
    );
  }

  /**
   * The damage of the recording; undefined if it is complete, or was not read to its end.
   *
   * Time for which either stream has data counts as read: one may be shorter than the other, or have gaps of its own. Gaps in
   * a single stream do not count at all.
   */
  damage(durationNs: number | undefined, error?: string): Damage | undefined {
    const streams = Object.values(this.#streams);
    if (streams.length === 0 || !streams.every(({ ended }) => ended)) return undefined;
    const endNs = Math.max(...streams.map((seen) => seen.endNs), 0);
    const [first, second] = streams;
    const gapsNs = second === undefined ? 0 : length(common(first.gaps, second.gaps));
    const missingNs = gapsNs + Math.max(0, (durationNs ?? 0) - endNs);
    const slackNs = Math.max(SLACK_NS, SLACK_SHARE * (durationNs ?? endNs));
    if (error === undefined && missingNs <= slackNs) return undefined;
    const ofSeconds = durationNs === undefined ? undefined : durationNs / 1e9;
    return { readSeconds: (endNs - gapsNs) / 1e9, ofSeconds, error };
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
