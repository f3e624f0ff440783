import { aptInstall, type AptOptions } from "./apt.ts";
import { UsageError } from "../exit.ts";

/**
 * Installs Debian packages when some are missing.
 *
 * @param missing gives the packages that are missing now; called again after the installation.
 * @returns the packages that were installed.
 * @throws {UsageError} when they cannot be installed, or are still missing afterwards.
 */
export async function ensurePackages(
  missing: () => Promise<string[]>,
  options: AptOptions = {},
): Promise<string[]> {
  const packages = await missing();
  if (packages.length === 0) return [];
  await aptInstall(packages, options);
  const still = await missing();
  if (still.length === 0) return packages;
  throw new UsageError(
    `Cannot continue: ${still.join(" ")} was installed, but what it should provide is missing`,
  );
}
