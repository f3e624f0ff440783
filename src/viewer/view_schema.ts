import { z } from "zod";
import { parseListenAddress } from "../core/listen_address.ts";

/** The page's port unless told otherwise. */
export const VIEW_PORT = 8471;

/** Where the live page is served, as in `view.address`. */
export const viewAddressSchema = z.string().refine(
  (text) => parseListenAddress(text, VIEW_PORT) !== undefined,
  "must be HOST:PORT, HOST or PORT, such as 0.0.0.0:8471",
);

/** Serves the live page while the pipeline runs; one server shows all pipelines of a process. */
export const viewSchema = z.strictObject({
  address: viewAddressSchema.default(`127.0.0.1:${VIEW_PORT}`)
    .describe(
      "Host and port. Other machines can reach the page only if the host is not the loopback address",
    ),
  token: z.string().min(16, "must have at least 16 characters").regex(
    /^[\w-]+$/,
    "must be letters, digits, _ and -",
  ).optional().describe(
    "Secret in the link for other machines, at least 16 characters. Default: a new one at each start",
  ),
});
/** A checked `view` block. */
export type ViewConfig = z.infer<typeof viewSchema>;
