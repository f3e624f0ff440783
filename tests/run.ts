/** `deno task test`: installs what is missing, runs all tests, and ends with the line `N passed, N failed`. */
import { ensureTestTools } from "../src/cli/setup/setup.ts";
import { EXIT, report } from "../src/cli/exit.ts";
import { runDenoTests } from "./runner/deno_tests.ts";
import { runPythonTests } from "./runner/python_tests.ts";
import { addTallies, type Tally } from "./runner/tally.ts";

const tallies: Tally[] = [];
let code: number = EXIT.done;
try {
  await ensureTestTools();
  // Arguments narrow the run down to some of Deno's tests: deno task test tests/ring --filter overwrites
  tallies.push(await runDenoTests(Deno.args.length > 0 ? Deno.args : ["tests/"]));
  if (Deno.args.length === 0) tallies.push(await runPythonTests());
} catch (error) {
  code = report(error);
  tallies.push({ passed: 0, failed: 1 });
}
const { passed, failed } = addTallies(tallies);
console.log(`\n${passed} passed, ${failed} failed`);
Deno.exit(code === EXIT.done && failed > 0 ? EXIT.failed : code);
