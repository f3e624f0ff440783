import { join } from "node:path";
import { DEBIAN_PACKAGES, findPython, hasTorch, pythonFolder } from "../../learning/find_python.ts";
import { LearnError } from "../../learning/learn_error.ts";
import { ensurePackages } from "../setup/ensure_packages.ts";
import { printNews } from "../stderr.ts";

const NVIDIA = "/dev/nvidiactl";
const DEBIAN_PYTHON = "/usr/bin/python3";

/**
 * Installs Python with PyTorch: Debian's packages, or, if the machine has an NVIDIA GPU, PyPI's PyTorch with CUDA in an
 * environment of its own. Does nothing if there is one.
 *
 * @throws {UsageError|LearnError} when it cannot be installed.
 */
export async function setUpPython(): Promise<void> {
  if (await exists(NVIDIA)) await setUpCuda();
  else await ensurePackages(async () => await hasTorch(DEBIAN_PYTHON) ? [] : DEBIAN_PACKAGES);
  console.log(`${await findPython()} has PyTorch`);
}

async function setUpCuda(): Promise<void> {
  const folder = pythonFolder();
  const python = join(folder, "bin/python");
  if (await hasTorch(python)) return;
  printNews(`Installing PyTorch with CUDA into ${folder} (some GB)`);
  for (
    const [command, args] of [
      [DEBIAN_PYTHON, ["-m", "venv", folder]],
      [python, ["-m", "pip", "install", "--quiet", "torch", "numpy"]],
    ] as const
  ) {
    const { success } = await new Deno.Command(command, { args: [...args], stdin: "null" }).spawn()
      .status;
    if (!success) {
      throw new LearnError(`Cannot install PyTorch: ${command} ${args.join(" ")} failed`);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
