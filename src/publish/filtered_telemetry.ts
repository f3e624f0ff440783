import type { Telemetry } from "../telemetry/telemetry.ts";
import type { EventFilter } from "./event_filter.ts";
import { EventSieve } from "./event_sieve.ts";

/** What a sink uses of telemetry. */
export type HeardTelemetry = Pick<Telemetry, "listen">;

/** Telemetry in whose topic `event` only some events appear; all other topics are whole. */
export function filteredTelemetry(telemetry: HeardTelemetry, filter: EventFilter): HeardTelemetry {
  return {
    listen(topics, listener) {
      const sieve = new EventSieve(filter);
      return telemetry.listen(topics, (told) => {
        if (told.topic !== "event") return listener(told);
        for (const event of sieve.take(told.message.event)) {
          listener({ topic: "event", message: { ...told.message, event } });
        }
      });
    },
  };
}
