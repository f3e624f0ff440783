import { z } from "zod";
import { parseListenAddress } from "../core/listen_address.ts";

/** Foxglove's port unless told otherwise. */
export const FOXGLOVE_PORT = 8765;

/** Serves Foxglove while the pipeline runs; one server shows all pipelines of a process. */
export const foxgloveSchema = z.strictObject({
  address: z.string().refine(
    (text) => parseListenAddress(text, FOXGLOVE_PORT) !== undefined,
    "must be HOST:PORT, HOST or PORT, such as 0.0.0.0:8765",
  ).default(`127.0.0.1:${FOXGLOVE_PORT}`).describe(
    "Host and port. Other machines can connect only if the host is not the loopback address",
  ),
  token: z.string().min(16, "must have at least 16 characters").regex(
    /^[\w-]+$/,
    "must be letters, digits, _ and -",
  ).optional().describe(
    "Secret in the link for other machines, at least 16 characters. Default: a new one at each start",
  ),
});
/** A checked `foxglove` block. */
export type FoxgloveConfig = z.infer<typeof foxgloveSchema>;
