/** Ends with a session still open, in the way that the argument names. */
import { openCpu } from "./open_cpu.ts";
import { matrixPower } from "./tiny_models.ts";

const SIZE = 256;

const runtime = await openCpu();
const session = await runtime.createSession(matrixPower(SIZE, 20));
const run = () =>
  session.run({ x: { type: "float32", dims: [SIZE, SIZE], data: new Float32Array(SIZE * SIZE) } });
await run();
switch (Deno.args[0]) {
  case "exit":
    Deno.exit(7);
    break;
  case "exit-in-run":
    run();
    await new Promise((resolve) => setTimeout(resolve, 2));
    Deno.exit(7);
    break;
  case "throw":
    throw new Error("on purpose");
  case "run-under-way":
    run();
}
