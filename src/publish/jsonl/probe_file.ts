import { dirname } from "node:path";
import { folderOf, isThere, tryFolder } from "../../core/probe_folder.ts";
import type { SinkProbe } from "../sink_descriptor.ts";
import { faultCode, writeFault } from "../../core/write_fault.ts";

/**
 * Tries whether a file could be appended to: opens it if it exists, and writes a temporary file beside it, or into the nearest
 * folder above it that exists. Leaves nothing behind and the file unchanged.
 */
export async function probeFile(path: string): Promise<SinkProbe> {
  try {
    if (!await isThere(path)) {
      await tryFolder(await folderOf(path));
      return { status: "ok", detail: "can be created" };
    }
    await tryToAppendNothing(path);
    await tryFolder(dirname(path)).catch((error) => {
      // A file may be writable in a folder that is not.
      if (DISK_FULL.has(faultCode(error))) throw error;
    });
    return { status: "ok", detail: "can be appended to" };
  } catch (error) {
    return { status: "broken", detail: writeFault(path, error) };
  }
}

/** Devices such as /dev/full refuse even no bytes; `node:fs` would not ask them. */
async function tryToAppendNothing(path: string): Promise<void> {
  // Reading as well, a named pipe without a reader does not block.
  using file = await Deno.open(path, { read: true, append: true });
  await file.write(new Uint8Array(0));
}

const DISK_FULL = new Set(["ENOSPC", "EDQUOT"]);
