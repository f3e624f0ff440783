import { fileURLToPath } from "node:url";
import { succeeds } from "../../src/core/succeeds.ts";

const CACHE = fileURLToPath(new URL("../../.cache/", import.meta.url));

/**
 * A Python with packages from PyPI, in a virtual environment in `.cache/NAME` that is made at the first call; undefined, after
 * a warning, if it cannot be made.
 */
export async function pythonWith(
  name: string,
  packages: readonly string[],
): Promise<string | undefined> {
  const folder = `${CACHE}${name}`;
  const python = `${folder}/bin/python`;
  const list = `${folder}/installed`;
  if (await Deno.readTextFile(list).catch(() => "") === packages.join("\n")) return python;
  const made = await succeeds("/usr/bin/python3", "-m", "venv", folder) &&
    await succeeds(python, "-m", "pip", "install", "--quiet", ...packages);
  if (made) {
    await Deno.writeTextFile(list, packages.join("\n"));
    return python;
  }
  console.error(`Cannot install ${packages.join(" ")}: the tests that need them are skipped`);
  return undefined;
}
