// Publishes one event to the broker named and lives until it is killed.
import { openSink } from "../support/open_sink.ts";
import { sampleEvent } from "../support/sample_event.ts";

const sink = await openSink({ url: Deno.args[0] });
sink.event(sampleEvent());
await new Promise(() => setInterval(() => {}, 1_000));
