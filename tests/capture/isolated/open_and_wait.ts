import { openCapture } from "../../../src/capture/capture.ts";

/** Opens the source that the arguments name, says so, and reads it until it ends. */
const capture = await openCapture(JSON.parse(Deno.args[0]));
console.log("open");
for (;;) {
  capture.take();
  await new Promise((resolve) => setTimeout(resolve, 50));
}
