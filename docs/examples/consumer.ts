// Prints what happens to events: deno run -A docs/examples/consumer.ts mqtt://localhost
import { WhenceClient } from "whence/client";

const [url, prefix] = Deno.args;
if (url === undefined) {
  console.error("Usage: consumer.ts mqtt://[USERNAME:PASSWORD@]HOST[:PORT] [PREFIX]");
  Deno.exit(2);
}
new WhenceClient(url, {
  prefix,
  onChange({ type, event, cause }) {
    const { pipeline, kind, score, peak, id, seq } = event;
    const place = peak?.map((value) => value.toFixed(2)).join(",") ?? "-"; // Absent unless located.
    console.log(`${type} ${pipeline} ${kind} ${score.toFixed(2)} ${place} ${id} ${seq} ${cause}`);
  },
});
