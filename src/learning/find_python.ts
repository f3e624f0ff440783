import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileFault } from "../core/file_fault.ts";
import { succeeds } from "../core/succeeds.ts";
import { LearnError } from "./learn_error.ts";

/** The training recipe's folder; Debian packages of Whence do not contain it. */
export const RECIPE = fileURLToPath(new URL("../../models/training", import.meta.url));

/** @throws {LearnError} if there is no recipe. */
export async function requireRecipe(recipe: string = RECIPE): Promise<void> {
  const file = join(recipe, "whence_training/learn.py");
  const fault = await fileFault(file);
  if (fault === undefined) return;
  throw new LearnError(
    `Cannot learn: ${file} must be readable (${fault}); learn in a checkout of the project`,
  );
}

/** Debian's packages with what training needs. */
export const DEBIAN_PACKAGES = ["python3-torch", "python3-numpy"];

/** Whence's own Python environment, for PyTorch with CUDA. */
export function pythonFolder(
  environment: (name: string) => string | undefined = (name) => Deno.env.get(name),
): string {
  const data = environment("XDG_DATA_HOME") || join(homedir(), ".local/share");
  return join(data, "whence/python");
}

/**
 * A Python that has PyTorch and NumPy: Whence's own environment, or the system's.
 *
 * @param candidates programs to try, most preferred first
 * @throws {LearnError} saying what to install.
 */
export async function findPython(
  candidates: readonly string[] = [
    join(pythonFolder(), "bin/python"),
    "/usr/bin/python3",
    "python3",
  ],
): Promise<string> {
  for (const python of candidates) {
    if (await hasTorch(python)) return python;
  }
  throw new LearnError(
    `Cannot learn: Python with PyTorch is missing; run: whence learn --setup (or sudo apt-get install ${
      DEBIAN_PACKAGES.join(" ")
    })`,
  );
}

/** Whether a Python can train. */
export async function hasTorch(python: string): Promise<boolean> {
  return await succeeds(python, "-c", "import numpy, torch");
}
