/** `deno task test`: installs what is missing, runs all tests, and ends with the line `N passed, N failed`. */
import { EXIT, report } from "../src/cli/exit.ts";
import { runAllDenoTests, runDenoTests } from "./runner/deno_tests.ts";
import { runPythonTests } from "./runner/python_tests.ts";
import { addTallies, type Tally } from "./runner/tally.ts";
import { ensureTestTools } from "./setup/test_tools.ts";

const HELP = `Usage: deno task test [files, folders or options of deno test]

Installs missing Debian packages through apt, then runs all tests, those of models/training too; with arguments only
what they select.

  deno task test tests/ring --filter overwrites    some tests of one folder
  deno test --help                                 all options
`;

const args = Deno.args;
if (args.some((argument) => argument === "--help" || argument === "-h")) {
  console.log(HELP.trimEnd());
  Deno.exit(EXIT.done);
}
const tallies: Tally[] = [];
let code: number = EXIT.done;
try {
  await ensureTestTools();
  if (args.length > 0) tallies.push(await runDenoTests(args));
  else tallies.push(await runAllDenoTests("tests"), await runPythonTests());
} catch (error) {
  code = report(error);
  tallies.push({ passed: 0, failed: 1 });
}
const { passed, failed } = addTallies(tallies);
console.log(`\n${passed} passed, ${failed} failed`);
Deno.exit(code === EXIT.done && failed > 0 ? EXIT.failed : code);
