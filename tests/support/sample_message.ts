import type { WhenceEvent } from "../../src/events/event.ts";
import { encodeEvent } from "../../src/events/event_json.ts";
import type { EventMessage, EventPicture } from "../../src/publish/sink.ts";
import { sampleEvent } from "./sample_event.ts";

/** A valid event as a publisher hands it to sinks; any key can be replaced. */
export function sampleMessage(changes: Partial<WhenceEvent> = {}): EventMessage {
  const event = sampleEvent(changes);
  return { event, line: encodeEvent(event) };
}

/** A picture of a sample event. */
export function samplePicture(
  data: Uint8Array,
  changes: Partial<WhenceEvent> = {},
): EventPicture {
  return {
    event: sampleEvent(changes),
    data,
    contentType: "image/jpeg",
    width: 640,
    height: 360,
  };
}
