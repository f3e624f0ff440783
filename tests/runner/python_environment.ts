import { UsageError } from "../../src/cli/exit.ts";
import { succeeds } from "../../src/core/succeeds.ts";

const DEBIAN = "/usr/bin/python3";
const FOLDER = ".cache/python";
/** Packages of the export that Debian lacks or has too old; numpy is the version that Debian's torch was built for. */
const PINNED = ["numpy==1.24.4", "onnx==1.16.2", "onnxruntime==1.17.3", "protobuf==5.29.5"];
/** Plays soundfonts. Its one dependency, for sound cards, is not needed here and would have to be compiled. */
const SYNTHESIZER = "tinysoundfont==0.3.7";

/**
 * A Python with what the training recipe's tests need: Debian's, or a virtual environment on top of it in
 * `.cache/python` with ONNX and a synthesizer from PyPI, created at the first call.
 *
 * @throws {UsageError} when it cannot be created.
 */
export async function findPython(): Promise<string> {
  const own = `${FOLDER}/bin/python`;
  for (const python of [DEBIAN, own]) {
    if (await succeeds(python, "-c", "import onnx, onnxruntime, tinysoundfont")) return python;
  }
  console.error(`Installing ${PINNED.join(" ")} ${SYNTHESIZER} into ${FOLDER}`);
  const pip = ["-m", "pip", "install", "--quiet"];
  const made = await succeeds(DEBIAN, "-m", "venv", "--system-site-packages", FOLDER) &&
    await succeeds(own, ...pip, ...PINNED) &&
    await succeeds(own, ...pip, "--no-deps", SYNTHESIZER);
  if (made) return own;
  throw new UsageError(
    `Cannot install Python packages from PyPI into ${FOLDER}; check the network, then try again`,
  );
}
