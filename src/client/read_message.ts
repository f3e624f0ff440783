import { z } from "zod";
import { eventSchema, type PipelineState, stateSchema, type WhenceEvent } from "../events/event.ts";
import { decodeEvent, EventFormatError } from "../events/event_json.ts";

const anyState = z.object({ state: stateSchema.shape.state });

/**
 * Parses an event message and drops unknown fields: newer versions may add some.
 *
 * @throws {EventFormatError} when the text is not JSON or not an event.
 */
export function readEvent(text: string): WhenceEvent {
  const value = readJson(text, "event");
  const issues = eventSchema.safeParse(value).error?.issues ?? [];
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") removeKeys(value, issue.path, issue.keys);
  }
  return decodeEvent(JSON.stringify(value));
}

/**
 * Parses a state message down to the state's name.
 *
 * @throws {EventFormatError} when the text is not JSON or not a state.
 */
export function readState(text: string): PipelineState["state"] {
  const checked = anyState.safeParse(readJson(text, "state"));
  if (!checked.success) {
    throw new EventFormatError(`Cannot read state: ${checked.error.issues[0].message}`);
  }
  return checked.data.state;
}

function readJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EventFormatError(`Cannot read ${what}: must be JSON`);
  }
}

function removeKeys(value: unknown, path: readonly PropertyKey[], keys: readonly string[]): void {
  const target = path.reduce((inner, key) => Reflect.get(inner as object, key), value) as object;
  for (const key of keys) Reflect.deleteProperty(target, key);
}
