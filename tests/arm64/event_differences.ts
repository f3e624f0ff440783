import assert from "node:assert/strict";
import type { WhenceEvent } from "../../src/events/event.ts";
import { decodeLine } from "../support/read_jsonl.ts";

/** Scores and similarities of two machines may differ by this much: sums in another order, other SIMD code. */
const SCORE_TOLERANCE = 0.02;
/** Positions: a mask of the heat map may gain or lose one cell of 28. */
const PLACE_TOLERANCE = 1 / 28 + 1e-6;
const TIME_TOLERANCE = 1e-3;

/** How far the events of two machines are apart. */
export interface EventDifferences {
  readonly messages: number;
  readonly events: number;
  /** The largest difference of each kind, for people. */
  readonly largest: string;
}

/** The messages of a JSON lines file. */
export async function readEvents(path: string): Promise<WhenceEvent[]> {
  const lines = (await Deno.readTextFile(path)).trim().split("\n");
  return lines.filter((line) => line !== "").map((line) => decodeLine(line).event);
}

/**
 * Compares the messages of two runs of the same clip.
 *
 * @throws {AssertionError} when a message is missing or differs by more than the tolerances.
 */
export function eventDifferences(
  got: readonly WhenceEvent[],
  expected: readonly WhenceEvent[],
): EventDifferences {
  assert.ok(expected.length > 0, "the clip must give events");
  assert.deepEqual(got.map(outline), expected.map(outline));
  const largest = { score: 0, place: 0, time: 0 };
  const grow = (kind: keyof typeof largest, a: number[], b: number[], tolerance: number) => {
    assert.equal(a.length, b.length);
    a.forEach((value, i) => {
      const difference = Math.abs(value - b[i]);
      assert.ok(difference <= tolerance, `${kind}: ${value} and ${b[i]}`);
      largest[kind] = Math.max(largest[kind], difference);
    });
  };
  got.forEach((a, i) => {
    const b = expected[i];
    grow("score", scores(a), scores(b), SCORE_TOLERANCE);
    grow(
      "place",
      [...a.peak ?? [], ...a.box ?? []],
      [...b.peak ?? [], ...b.box ?? []],
      PLACE_TOLERANCE,
    );
    grow("time", times(a), times(b), TIME_TOLERANCE);
  });
  const events = expected.filter(({ type }) => type === "end").length;
  const text = `score ${largest.score.toFixed(4)}, position ${largest.place.toFixed(4)}, time ${
    (largest.time * 1000).toFixed(1)
  } ms`;
  return { messages: expected.length, events, largest: text };
}

/** What must be equal exactly. */
function outline({ type, seq, kind, head, located, reason, model }: WhenceEvent) {
  return { type, seq, kind, head, located, reason, model };
}

function scores({ score, current_score, similarity }: WhenceEvent): number[] {
  return [score, current_score, similarity];
}

function times({ duration, stream }: WhenceEvent): number[] {
  return [duration, stream.onset, stream.offset ?? 0];
}
