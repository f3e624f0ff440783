import { type WhenceEvent } from "../../src/events/event.ts";
import { decodeEvent } from "../../src/events/event_json.ts";

/** A line of an event file: the event, and the run that wrote it. */
export function decodeLine(line: string): { run: string; event: WhenceEvent } {
  const { run, ...event } = JSON.parse(line);
  return { run, event: decodeEvent(JSON.stringify(event)) };
}
