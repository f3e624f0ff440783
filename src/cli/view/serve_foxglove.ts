import { parseListenAddress } from "../../core/listen_address.ts";
import { logOf } from "../../core/logger.ts";
import {
  FOXGLOVE_PORT,
  type FoxgloveConfig,
  foxgloveSchema,
} from "../../foxglove/foxglove_schema.ts";
import type { LiveServer, OfferedPipeline } from "../../foxglove/live_server.ts";
import type { LoadedPipeline } from "../../pipeline/load.ts";

/** What the command line says about Foxglove. */
export interface FoxgloveFlags {
  /** `--foxglove`: an address, or true for the usual one. */
  readonly foxglove?: string | true;
}

/**
 * Where Foxglove is served: as `--foxglove` says, or the first pipeline file with a `foxglove` block.
 *
 * @returns undefined if neither asks for it.
 */
export function foxgloveConfig(
  loaded: readonly LoadedPipeline[],
  { foxglove }: FoxgloveFlags,
): FoxgloveConfig | undefined {
  const declared = loaded.map(({ config }) => config.foxglove).find((block) => block !== undefined);
  if (foxglove === undefined) return declared;
  const base = declared ?? foxgloveSchema.parse({});
  return foxglove === true ? base : { ...base, address: foxglove };
}

/**
 * Serves Foxglove, and prints the link.
 *
 * @throws {FoxgloveError} when the address cannot be listened on.
 */
export async function serveFoxglove(
  pipelines: readonly OfferedPipeline[],
  { address, token }: FoxgloveConfig,
): Promise<LiveServer> {
  // Loaded only if it is used: it takes time and memory.
  const { LiveServer } = await import("../../foxglove/live_server.ts");
  const server = new LiveServer(pipelines, {
    address: parseListenAddress(address, FOXGLOVE_PORT)!,
    token,
    log: logOf(),
  });
  // The log would mask the token.
  console.log(`Foxglove: ${server.url}`);
  return server;
}
