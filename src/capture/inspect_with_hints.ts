import { inspectElements } from "./inspect.ts";
import { installHint } from "./packages.ts";

/** Which GStreamer elements are installed; `hint` says how to install the others. */
export async function inspectWithHints(names: readonly string[]) {
  const found = await inspectElements([...names]);
  return found.map(({ element, found, package: name }) => ({
    element,
    found,
    hint: installHint(name),
  }));
}
