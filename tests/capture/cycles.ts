import { openCapture } from "../../src/capture/capture.ts";
import { planOf } from "./media.ts";

/** Starts and stops the source named in the arguments 250 times; prints as JSON what the process holds after each 50. */
const plan = planOf(JSON.parse(Deno.args[0]), { width: 224, height: 224 });
const held = [];
for (let cycle = 1; cycle <= 250; cycle++) {
  await using capture = await openCapture(plan);
  const frames = capture.frames()[Symbol.asyncIterator]();
  const audio = capture.audio()[Symbol.asyncIterator]();
  await Promise.all([frames.next(), audio.next()]);
  if (cycle % 50 === 0) {
    (globalThis as unknown as { gc(): void }).gc();
    held.push({
      rssKb: Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))![1]),
      threads: [...Deno.readDirSync("/proc/self/task")].length,
      files: [...Deno.readDirSync("/proc/self/fd")].length,
    });
  }
}
console.log(JSON.stringify(held));
