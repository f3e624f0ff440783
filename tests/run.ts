/** `deno task test`: installs what is missing, runs all tests, and ends with the line `N passed, N failed`. */
import { runDenoTests } from "./runner/deno_tests.ts";
import { runPythonTests } from "./runner/python_tests.ts";
import { addTallies, type Tally } from "./runner/tally.ts";

const tallies: Tally[] = [];
try {
  // Arguments narrow the run down to some of Deno's tests: deno task test tests/ring --filter overwrites
  tallies.push(await runDenoTests(Deno.args.length > 0 ? Deno.args : ["tests/"]));
  if (Deno.args.length === 0) tallies.push(await runPythonTests(Deno.env.get("CI") === "true"));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  tallies.push({ passed: 0, failed: 1 });
}
const { passed, failed } = addTallies(tallies);
console.log(`\n${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);
