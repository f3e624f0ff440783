import type { z } from "zod";
import { eventSchema, type WhenceEvent } from "./event.ts";

/** An event, or the text that should hold one, does not fit the schema. */
export class EventFormatError extends Error {
  override readonly name = "EventFormatError";
}

function firstFault(error: z.ZodError): string {
  const [issue] = error.issues;
  const key = issue.path.join(".");
  return key === "" ? issue.message : `${key}: ${issue.message}`;
}

const rounded = (value: number, decimals: number) => {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor + 0;
};
const milliseconds = (seconds: number) => rounded(seconds, 3);
const share = (value: number) => rounded(value, 4);

/** Wire precision: times to 1 ms (the stamp stays exact), 0..1 values and similarity to 1e-4, angles to 1e-5 rad. */
function toWire(event: WhenceEvent): WhenceEvent {
  const { onset, offset } = event.stream;
  const [x, y] = event.peak;
  const [x1, y1, x2, y2] = event.box;
  return {
    ...event,
    onset: milliseconds(event.onset),
    offset: event.offset === null ? null : milliseconds(event.offset),
    duration: milliseconds(event.duration),
    stream: {
      onset: milliseconds(onset),
      offset: offset === null ? null : milliseconds(offset),
    },
    score: share(event.score),
    top_score: share(event.top_score),
    similarity: share(event.similarity),
    peak: [share(x), share(y)],
    box: [share(x1), share(y1), share(x2), share(y2)],
    ...(event.bearing && {
      bearing: {
        azimuth: rounded(event.bearing.azimuth, 5),
        elevation: rounded(event.bearing.elevation, 5),
      },
    }),
    latency_ms: rounded(event.latency_ms, 1),
  };
}

/**
 * Makes sure that an event keeps the schema; types alone let a score that is not a number pass.
 *
 * @throws {EventFormatError} naming the first key at fault.
 */
export function checkEvent(event: WhenceEvent): WhenceEvent {
  const checked = eventSchema.safeParse(event);
  if (!checked.success) {
    throw new EventFormatError(`Cannot write event: ${firstFault(checked.error)}`);
  }
  return checked.data;
}

/**
 * One event as a line of JSON (no line end), rounded to what the numbers mean.
 *
 * @throws {EventFormatError} when the event breaks the schema.
 */
export function encodeEvent(event: WhenceEvent): string {
  return JSON.stringify(toWire(checkEvent(event)));
}

/**
 * Reads one event.
 *
 * @throws {EventFormatError} when the text is not JSON or not an event.
 */
export function decodeEvent(text: string): WhenceEvent {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EventFormatError("Cannot read event: must be JSON");
  }
  const checked = eventSchema.safeParse(value);
  if (!checked.success) {
    throw new EventFormatError(`Cannot read event: ${firstFault(checked.error)}`);
  }
  return checked.data;
}
