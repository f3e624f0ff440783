import { CaptureError } from "../../capture/capture_error.ts";
import { inspectElements, refreshPlugins } from "../../capture/inspect.ts";
import { packageOfElement } from "../../capture/packages.ts";
import { setupElements } from "../../capture/usual_elements.ts";
import { aptCommand, type AptOptions } from "./apt.ts";
import { ensurePackages } from "./ensure_packages.ts";
import { UsageError } from "../exit.ts";

/**
 * Makes sure that clips can be captured and played: installs GStreamer's packages that are missing. If none is, neither
 * the network nor apt is used.
 *
 * @throws {UsageError} with the command to run by hand.
 */
export async function ensureGstreamer(options: AptOptions = {}): Promise<void> {
  await ensureElements(setupElements(), options);
}

/**
 * The same, but installs nothing.
 *
 * @throws {UsageError} with the command to run by hand, if something is missing.
 */
export async function requireGstreamer(
  elements: readonly string[] = setupElements(),
): Promise<void> {
  const missing = await missingPackages(elements);
  if (missing.length === 0) return;
  throw new UsageError(
    `Cannot run: Debian packages are missing: ${missing.join(", ")}; run: ${aptCommand(missing)}`,
  );
}

/**
 * Installs the packages of GStreamer elements that are missing, in one go.
 *
 * @returns the packages that were installed.
 * @throws {UsageError} when they cannot be installed, or elements are still missing afterwards.
 */
export async function ensureElements(
  elements: readonly string[],
  options: AptOptions = {},
): Promise<string[]> {
  let installed = false;
  return await ensurePackages(async () => {
    // GStreamer caches the plugins that it found before.
    if (installed) await refreshPlugins().catch(() => {});
    installed = true;
    return await missingPackages(elements);
  }, options);
}

async function missingPackages(elements: readonly string[]): Promise<string[]> {
  const packageOf = (element: string) => packageOfElement(element) ?? element;
  try {
    const findings = await inspectElements(elements);
    const missing = findings.filter(({ found }) => !found);
    return [...new Set(missing.map(({ element }) => packageOf(element)))];
  } catch (error) {
    // GStreamer itself is missing.
    if (!(error instanceof CaptureError)) throw error;
    return [...new Set(elements.map(packageOf))];
  }
}
