/**
 * Makes, runs and releases `ROUNDS` sessions and prints what the process holds after each tenth of them, one JSON
 * object a line: `{ "rss": bytes, "threads": n, "files": n }`. Arguments: library, rounds.
 */
import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import { negate } from "./tiny_models.ts";

const [library, rounds] = Deno.args;
// Two threads: each session has a pool of its own.
const config = runtimeSchema.parse({ library, providers: ["cpu"], threads: 2 });
const runtime = await openRuntime(config, Deno.cwd());
const model = negate();
for (let round = 1; round <= Number(rounds); round++) {
  const session = await runtime.createSession(model);
  await session.run({ x: { type: "float32", dims: [10_000, 3], data: new Float32Array(30_000) } });
  await session.release();
  if (round % (Number(rounds) / 10) === 0) console.log(JSON.stringify(holdings()));
}
await runtime.close();

function holdings() {
  const threads = Deno.readTextFileSync("/proc/self/status").match(/Threads:\s+(\d+)/)![1];
  return {
    rss: Deno.memoryUsage().rss,
    threads: Number(threads),
    files: [...Deno.readDirSync("/proc/self/fd")].length,
  };
}
