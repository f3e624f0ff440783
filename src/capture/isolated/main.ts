/** The capture process: runs the pipeline that its standard input asks for, and writes what it delivers to file 3. */
import { boundHeaps } from "../../core/c_heap.ts";
import { dieWithParent, writeAll } from "./libc.ts";
import { serveCapture } from "./serve_capture.ts";

const OUTPUT = 3;

dieWithParent();
boundHeaps();
// Service managers and terminals signal all processes at once. This one ends when its input does, after the last sample.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => {});
}
const closed = await serveCapture(Deno.stdin.readable, (bytes) => writeAll(OUTPUT, bytes));
Deno.exit(closed ? 0 : 1);
