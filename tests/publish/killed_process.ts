// Publishes one event to the given broker and runs until it is killed.
import { openSink } from "../support/open_sink.ts";
import { sampleMessage } from "../support/sample_message.ts";

const sink = await openSink({ url: Deno.args[0] });
sink.event(sampleMessage());
await new Promise(() => setInterval(() => {}, 1_000));
