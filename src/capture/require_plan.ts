import { requireElements } from "./inspect.ts";
import { superficialBinding } from "./isolated/superficial/superficial_binding.ts";
import type { CapturePlan } from "./plan.ts";

/**
 * Requires that all elements of a source are installed, and its binding.
 *
 * @throws {CaptureError} that names the first missing one and what to do.
 */
export async function requirePlan({ elements, binding }: CapturePlan): Promise<void> {
  await requireElements(elements);
  if (binding === "superficial") superficialBinding();
}
