/** `deno task test`: installs what is missing, runs all tests, and ends with the line `N passed, N failed`. */
import { fileURLToPath } from "node:url";
import { EXIT, report } from "../src/cli/exit.ts";
import { runAllDenoTests, runDenoTests } from "./runner/deno_tests.ts";
import { runPythonTests } from "./runner/python_tests.ts";
import { addTallies, type Tally } from "./runner/tally.ts";
import { ensureTestTools } from "./setup/test_tools.ts";

const HELP = `Usage: deno task test [files, folders or options of deno test]

Installs missing Debian packages through apt, builds node-gstreamer-superficial in .cache if it is not built, then runs all
tests, those of models/training too; with arguments only what they select.

  deno task test tests/ring --filter overwrites    some tests of one folder
  deno test --help                                 all options
`;

/** Where tests find what they install, apart from what the user has installed. */
const DATA = fileURLToPath(new URL("../.cache/data", import.meta.url));

const args = Deno.args;
if (args.some((argument) => argument === "--help" || argument === "-h")) {
  console.log(HELP.trimEnd());
  Deno.exit(EXIT.done);
}
const tallies: Tally[] = [];
let code: number = EXIT.done;
Deno.env.set("XDG_DATA_HOME", DATA);
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
