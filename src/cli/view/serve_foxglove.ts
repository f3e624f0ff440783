import { type ListenAddress, parseListenAddress } from "../../core/listen_address.ts";
import { logOf } from "../../core/logger.ts";
import { FOXGLOVE_PORT, LiveServer, type OfferedPipeline } from "../../foxglove/live_server.ts";

/** What the command line says about Foxglove. */
export interface FoxgloveFlags {
  /** `--foxglove`: an address, or true for the usual one. */
  readonly foxglove?: string | true;
}

/** Where Foxglove is served; undefined if the command line does not ask for it. */
export function foxgloveAddress({ foxglove }: FoxgloveFlags): ListenAddress | undefined {
  if (foxglove === undefined) return undefined;
  return parseListenAddress(foxglove === true ? "127.0.0.1" : foxglove, FOXGLOVE_PORT);
}

/**
 * Serves Foxglove, and prints the link, if the command line asks for it.
 *
 * @throws {FoxgloveError} when the address cannot be listened on.
 */
export function serveFoxglove(
  pipelines: readonly OfferedPipeline[],
  flags: FoxgloveFlags,
): LiveServer | undefined {
  const address = foxgloveAddress(flags);
  if (address === undefined) return undefined;
  const server = new LiveServer(pipelines, { address, log: logOf() });
  // The log would mask the token.
  console.log(`Foxglove: ${server.url}`);
  return server;
}
