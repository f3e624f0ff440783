import { z } from "zod";
import { escapeControls } from "../../core/log_line.ts";

const setSchema = z.strictObject({ enabled: z.boolean() });
const LONGEST_BYTES = 1_000;

/**
 * Parses a message on a pipeline's `set` topic.
 *
 * @returns whether the pipeline should run.
 * @throws {Error} in one line, if the payload is anything but `{"enabled": true|false}`.
 */
export function parseSetCommand(payload: Uint8Array): boolean {
  const text = new TextDecoder().decode(payload.subarray(0, LONGEST_BYTES));
  let value: unknown;
  try {
    if (payload.length <= LONGEST_BYTES) value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const checked = setSchema.safeParse(value);
  if (!checked.success) {
    const shown = quoted(text.length > 60 ? `${text.slice(0, 60)}…` : text);
    throw new Error(`payload must be {"enabled": true} or {"enabled": false}, got ${shown}`);
  }
  return checked.data.enabled;
}

/** A text in quotes, its control characters escaped: a payload can hold sequences that a terminal obeys. */
function quoted(text: string): string {
  return escapeControls(JSON.stringify(text));
}
