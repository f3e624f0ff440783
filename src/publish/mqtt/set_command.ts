import { z } from "zod";

const setSchema = z.strictObject({ enabled: z.boolean() });
const LONGEST_BYTES = 1_000;

/**
 * Reads what came on a pipeline's `set` topic.
 *
 * @returns Whether the pipeline is wanted.
 * @throws {Error} in one line, when the payload is anything but `{"enabled": true|false}`.
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
    const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
    throw new Error(`payload must be {"enabled": true} or {"enabled": false}, got ${shown}`);
  }
  return checked.data.enabled;
}
