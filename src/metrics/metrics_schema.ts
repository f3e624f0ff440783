import { z } from "zod";
import { parseListenAddress } from "../core/listen_address.ts";

/** The port of the metrics unless told otherwise. */
export const METRICS_PORT = 9464;

/** Where metrics are served, as in `metrics`. */
export const metricsSchema = z.string().refine(
  (text) => parseListenAddress(text, METRICS_PORT) !== undefined,
  "must be HOST:PORT, HOST or PORT, such as 127.0.0.1:9464",
);
