import { findPython } from "./python_environment.ts";
import { runStreamed } from "./stream.ts";
import { pytestTally, type Tally } from "./tally.ts";

const RECIPE = "models/training";

/** Runs the tests of the training recipe. */
export async function runPythonTests(): Promise<Tally> {
  console.log(`\nrunning the tests of ${RECIPE}`);
  const args = ["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", `${RECIPE}/tests`];
  const { code, output } = await runStreamed(await findPython(), args, {
    OMP_NUM_THREADS: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONPATH: RECIPE,
  });
  return pytestTally(output, code);
}
