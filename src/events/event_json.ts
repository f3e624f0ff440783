import type { z } from "zod";
import { eventSchema, type WhenceEvent } from "./event.ts";

/** An event, or a text that should be one, does not match the schema. */
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
  const { peak, box, bearing, stream: { onset, offset } } = event;
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
    current_score: share(event.current_score),
    similarity: share(event.similarity),
    ...(peak && { peak: [share(peak[0]), share(peak[1])] }),
    ...(box && { box: [share(box[0]), share(box[1]), share(box[2]), share(box[3])] }),
    ...(bearing && {
      bearing: { azimuth: rounded(bearing.azimuth, 5), elevation: rounded(bearing.elevation, 5) },
    }),
    labels: event.labels.map(({ name, score }) => ({ name, score: share(score) })),
    latency_ms: rounded(event.latency_ms, 1),
  };
}

/**
 * Validates an event against the schema; types alone accept a score of NaN.
 *
 * @throws {EventFormatError} naming the first invalid key.
 */
export function checkEvent(event: WhenceEvent): WhenceEvent {
  const checked = eventSchema.safeParse(event);
  if (!checked.success) {
    throw new EventFormatError(`Cannot write event: ${firstFault(checked.error)}`);
  }
  return checked.data;
}

/**
 * One event as a line of JSON (no line end), with numbers rounded to their meaningful precision.
 *
 * @throws {EventFormatError} when the event does not match the schema.
 */
export function encodeEvent(event: WhenceEvent): string {
  return JSON.stringify(toWire(checkEvent(event)));
}

/**
 * Parses one event.
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
