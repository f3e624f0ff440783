import { runStreamed } from "./stream.ts";
import { pytestTally, type Tally } from "./tally.ts";

const PYTHON = "/usr/bin/python3";
const FOLDER = "models/training/tests";
/** Debian packages and the module each brings. */
const MODULES = {
  "python3-pytest": "pytest",
  "python3-torch": "torch",
  "python3-numpy": "numpy",
  "python3-scipy": "scipy",
  "python3-pil": "PIL",
  "python3-yaml": "yaml",
} as const;

/**
 * Runs the tests of the training recipe.
 *
 * @param required whether it counts as a failure when this machine has no Python for it.
 */
export async function runPythonTests(required: boolean): Promise<Tally> {
  const missing = await missingPackages();
  if (missing.length > 0) {
    console.log(
      `Tests of models/training not run: ${PYTHON} must have what these packages bring: ` +
        `${missing.join(" ")} (apt-get install ${missing.join(" ")})`,
    );
    return { passed: 0, failed: required ? 1 : 0 };
  }
  const args = ["-m", "pytest", "-q", "-p", "no:cacheprovider", FOLDER];
  const { code, output } = await runStreamed(PYTHON, args, {
    OMP_NUM_THREADS: "1",
    PYTHONDONTWRITEBYTECODE: "1",
  });
  return pytestTally(output, code);
}

async function missingPackages(): Promise<string[]> {
  const script = "import importlib.util as u, sys\n" +
    "print('\\n'.join(m for m in sys.argv[1:] if u.find_spec(m) is None))";
  try {
    const { code, stdout } = await new Deno.Command(PYTHON, {
      args: ["-c", script, ...Object.values(MODULES)],
    }).output();
    if (code !== 0) return Object.keys(MODULES);
    const absent = new TextDecoder().decode(stdout).split("\n");
    return Object.entries(MODULES).filter(([, module]) => absent.includes(module)).map(([name]) =>
      name
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return ["python3", ...Object.keys(MODULES)];
  }
}
