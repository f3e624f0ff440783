const DEBIAN = "/usr/bin/python3";
const FOLDER = ".cache/python";
/** What the export needs and Debian has not (or not new enough); numpy is the one Debian's torch was built for. */
const PINNED = ["numpy==1.24.4", "onnx==1.16.2", "onnxruntime==1.17.3", "protobuf==5.29.5"];
/** Plays soundfonts. Its one dependency plays to a sound card, which nothing here does, and has to be compiled. */
const SYNTHESISER = "tinysoundfont==0.3.7";

/**
 * A Python that has what the training recipe's tests need: Debian's, or one in `.cache/python` on top of it with ONNX
 * and a synthesiser from PyPI, made at the first call. Where that cannot be made, Debian's, and a line that says so.
 */
export async function findPython(): Promise<string> {
  const own = `${FOLDER}/bin/python`;
  for (const python of [DEBIAN, own]) {
    if (await succeeds(python, "-c", "import onnx, onnxruntime, tinysoundfont")) return python;
  }
  console.error(`Installing ${PINNED.join(" ")} ${SYNTHESISER} into ${FOLDER}`);
  const made = await succeeds(DEBIAN, "-m", "venv", "--system-site-packages", FOLDER) &&
    await succeeds(own, "-m", "pip", "install", "--quiet", ...PINNED);
  if (made) {
    if (!await succeeds(own, "-m", "pip", "install", "--quiet", "--no-deps", SYNTHESISER)) {
      console.error(
        "The synthesiser cannot be installed: the test of rendered instruments is skipped",
      );
    }
    return own;
  }
  console.error("They cannot be installed: the tests of the ONNX export are skipped");
  return DEBIAN;
}

async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
