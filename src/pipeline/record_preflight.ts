import { join } from "node:path";
import type { ConfigFault } from "../config/fault.ts";
import type { ConfigDocument } from "../config/read.ts";
import { resolvePath } from "../core/paths.ts";
import { gigabytes, probeFolder } from "../core/probe_folder.ts";
import { isRecording } from "../record/prune_recordings.ts";
import type { RecordConfig } from "../record/record_schema.ts";
import type { SourceChecks } from "./parts.ts";

/** What trying to record gave. */
export interface TriedRecording {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** `short`: the disk has less room now than the recordings may take, which can change. */
  readonly status: "ok" | "short" | "broken";
  /** What was found, or what to do. */
  readonly detail: string;
}

/** Tries whether a pipeline file's recordings can be encoded and written, and compares the free room with `max_mb`. */
export async function tryRecording(
  document: ConfigDocument,
  config: RecordConfig,
  checks: SourceChecks,
  faults: ConfigFault[],
): Promise<TriedRecording> {
  const folder = resolvePath(document.folder, config.path);
  const broken = (key: readonly string[], detail: string): TriedRecording => {
    faults.push(document.fault(["record", ...key], detail));
    return { folder, status: "broken", detail };
  };
  const encoderFault = await checks.encoderFault();
  if (encoderFault !== undefined) return broken([], encoderFault);
  try {
    const { free, detail } = await probeFolder(folder);
    const wanted = Math.max(0, config.max_mb * 1e6 - await recordedBytes(folder));
    if (free >= wanted) return { folder, status: "ok", detail };
    const lack = `needs ${gigabytes(wanted)} more, but only ${gigabytes(free)} are free`;
    return { folder, status: "short", detail: `record.max_mb ${lack} at ${folder}` };
  } catch (error) {
    return broken(["path"], error instanceof Error ? error.message : String(error));
  }
}

/** Size of the recordings that the folder holds. */
async function recordedBytes(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (isRecording(name)) bytes += (await Deno.stat(join(folder, name))).size;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return bytes;
}
