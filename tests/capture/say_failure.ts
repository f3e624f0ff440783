import { planOf, record } from "./media.ts";

try {
  await record(planOf({ uri: Deno.args[0], pace: "fast" }));
  console.log("it was captured");
} catch (error) {
  console.log((error as Error).message);
}
