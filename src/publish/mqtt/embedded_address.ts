import { isLoopback, type ListenAddress, parseListenAddress } from "../../core/listen_address.ts";

/** The port that `embedded:` takes when it is free (IANA: mqtt). */
export const USUAL_PORT = 1883;

/** Where an embedded broker listens. */
export interface EmbeddedAddress extends ListenAddress {
  /** Whether the URL names the address; otherwise any broker of the process, or any free port, will do. */
  readonly fixed: boolean;
}

/**
 * Reads `embedded:`, `embedded:PORT`, `embedded:HOST:PORT` or `embedded:HOST`; without a host, the loopback interface.
 *
 * @returns undefined if it is none of these.
 */
export function embeddedAddress(url: string): EmbeddedAddress | undefined {
  const text = /^embedded:(.*)$/.exec(url)?.[1];
  if (text === undefined) return undefined;
  if (text === "") return { hostname: "127.0.0.1", port: USUAL_PORT, fixed: false };
  const address = parseListenAddress(text, USUAL_PORT);
  return address && { ...address, fixed: true };
}

/** Whether other machines can reach the embedded broker of a URL. */
export function isOpenToNetwork(url: string): boolean {
  const address = embeddedAddress(url);
  return address !== undefined && !isLoopback(address.hostname);
}

/** The address at which this process reaches its own broker. */
export function ownAddress({ hostname, port }: ListenAddress): ListenAddress {
  if (hostname === "0.0.0.0") return { hostname: "127.0.0.1", port };
  return { hostname: hostname === "::" ? "::1" : hostname, port };
}
