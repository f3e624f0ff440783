import type { Probe } from "./source.ts";

/** Looks whether a device's path exists; `otherwise` says what it means when it does not. */
export async function probePath(path: string, otherwise: string): Promise<Probe> {
  try {
    await Deno.stat(path);
    return { status: "ok", detail: path };
  } catch {
    return { status: "missing", detail: otherwise };
  }
}
