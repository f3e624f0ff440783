import type { Probe } from "./source.ts";

/** Checks that a device's path exists; `otherwise` is the detail when it does not. */
export async function probePath(path: string, otherwise: string): Promise<Probe> {
  try {
    await Deno.stat(path);
    return { status: "ok", detail: path };
  } catch {
    return { status: "missing", detail: otherwise };
  }
}
