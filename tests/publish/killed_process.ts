// Publishes one event to the given broker, with the given state folder and pipeline name if any, until it is killed.
import { openSink } from "../support/open_sink.ts";
import { sampleMessage } from "../support/sample_message.ts";

const [url, stateFolder, pipeline = "front"] = Deno.args;
const sink = await openSink({ url }, { stateFolder: stateFolder || undefined, pipeline });
sink.event(sampleMessage({ pipeline }));
console.log("published");
await new Promise(() => setInterval(() => {}, 1_000));
