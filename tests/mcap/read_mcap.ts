import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { pythonWith } from "../support/python_with.ts";

const SCRIPT = fileURLToPath(new URL("read_mcap.py", import.meta.url));

/** A Python with the reference reader of MCAP, if it can be installed. */
export const MCAP_PYTHON = await pythonWith("python-mcap", ["mcap==1.6.0", "jsonschema==4.25.1"]);

/** What the reference reader found in a file; all messages match their schemas, and all CRCs are right. */
export interface McapContents {
  readonly messages?: number;
  readonly chunks?: number;
  readonly compression?: readonly string[];
  /** Messages by topic. */
  readonly counts: Readonly<Record<string, number>>;
  /** `ID TYPE` of each event message. */
  readonly events: readonly string[];
  readonly jpegs: number;
}

/** Reads a file with PyPI's `mcap`. */
export async function readMcap(path: string, state: "whole" | "torn"): Promise<McapContents> {
  const { success, stdout, stderr } = await new Deno.Command(MCAP_PYTHON!, {
    args: [SCRIPT, state, path],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
