// Publishes one event to the given broker, with the given state folder if any, and runs until it is killed.
import { openSink } from "../support/open_sink.ts";
import { sampleMessage } from "../support/sample_message.ts";

const [url, stateFolder] = Deno.args;
const sink = await openSink({ url }, { stateFolder });
sink.event(sampleMessage());
console.log("published");
await new Promise(() => setInterval(() => {}, 1_000));
