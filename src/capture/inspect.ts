import { CaptureError } from "./capture_error.ts";
import { cString } from "../core/c_string.ts";
import { loadNative, type Native } from "./native.ts";
import { installHint, packageOfElement } from "./packages.ts";

/**
 * GStreamer's version such as `1.22.0`.
 *
 * @throws {CaptureError} when GStreamer is not installed.
 */
export async function gstreamerVersion(): Promise<string> {
  const native = await loadNative();
  const numbers = [0, 1, 2, 3].map(() => new Uint32Array(1));
  native.gst_version(numbers[0], numbers[1], numbers[2], numbers[3]);
  return numbers.slice(0, 3).map((number) => number[0]).join(".");
}

/**
 * Loads plugins that were installed while this process was running.
 *
 * @throws {CaptureError} when GStreamer is not installed.
 */
export async function refreshPlugins(): Promise<void> {
  await (await loadNative()).gst_update_registry();
}

/** An element that a source needs, and its package. */
export interface ElementFinding {
  readonly element: string;
  readonly found: boolean;
  /** Its Debian package, if known. */
  readonly package: string | undefined;
}

/**
 * Checks which elements are installed.
 *
 * @throws {CaptureError} when GStreamer is not installed.
 */
export async function inspectElements(elements: readonly string[]): Promise<ElementFinding[]> {
  const native = await loadNative();
  return elements.map((element) => ({
    element,
    found: hasElement(native, element),
    package: packageOfElement(element),
  }));
}

/**
 * Requires that all elements of a source are installed.
 *
 * @throws {CaptureError} that names the first missing one and its package.
 */
export async function requireElements(elements: readonly string[]): Promise<void> {
  for (const { element, found, package: from } of await inspectElements(elements)) {
    if (!found) {
      throw new CaptureError(
        `Cannot capture: GStreamer has no element ${element}${installHint(from)}`,
      );
    }
  }
}

function hasElement(native: Native, element: string): boolean {
  const factory = native.gst_element_factory_find(cString(element));
  if (factory === null) return false;
  native.gst_object_unref(factory);
  return true;
}
