import { runStreamed } from "./stream.ts";
import { pytestTally, type Tally } from "./tally.ts";

/** Debian's Python: the one whose modules come from its packages. */
const PYTHON = "/usr/bin/python3";
const RECIPE = "models/training";

/** Runs the tests of the training recipe. */
export async function runPythonTests(): Promise<Tally> {
  console.log(`\nrunning the tests of ${RECIPE}`);
  const args = ["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", `${RECIPE}/tests`];
  const { code, output } = await runStreamed(PYTHON, args, {
    OMP_NUM_THREADS: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONPATH: RECIPE,
  });
  return pytestTally(output, code);
}
