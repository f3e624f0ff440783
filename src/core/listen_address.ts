import { isIPv4, isIPv6 } from "node:net";
import { faultCode } from "./write_fault.ts";

/** A host and a TCP port to listen on. */
export interface ListenAddress {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
}

const LOOPBACK = "127.0.0.1";

/**
 * Reads `HOST:PORT`, `HOST`, `:PORT` or `PORT`; without a host, this machine's loopback address. IPv6 hosts are written in
 * brackets.
 *
 * @returns undefined if it is none of these.
 */
export function parseListenAddress(text: string, defaultPort: number): ListenAddress | undefined {
  if (/^\d+$/.test(text)) return withPort(LOOPBACK, text);
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d+))?$/.exec(text);
  if (match === null || text === "") return undefined;
  const host = match[1] === "" ? LOOPBACK : match[1].replace(/^\[|\]$/g, "");
  const valid = match[1].startsWith("[")
    ? isIPv6(host)
    : /^[\d.]+$/.test(host)
    ? isIPv4(host)
    : /^[A-Za-z0-9_.-]+$/.test(host);
  return valid ? withPort(host, match[2] ?? String(defaultPort)) : undefined;
}

function withPort(hostname: string, digits: string): ListenAddress | undefined {
  const port = Number(digits);
  return port <= 65535 ? { hostname, port } : undefined;
}

/** Whether only programs of this machine can reach a host. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d+){3}$/.test(hostname);
}

/** A host and port as in a URL. */
export function hostText({ hostname, port }: ListenAddress): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** An address that other programs can use for one that is listened on: of all addresses, the first one of this machine. */
export function reachableAddress({ hostname, port }: ListenAddress): ListenAddress {
  if (hostname !== "0.0.0.0" && hostname !== "::") return { hostname, port };
  const found = Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !isLoopback(address)
  );
  return { hostname: found?.address ?? LOOPBACK, port };
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use by another process",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "permission denied",
};

/** Why an address cannot be listened on, from the error of `Deno.serve`, `Deno.listen` or `node:net`. */
export function listenFault(error: unknown): string {
  return LISTEN_FAULTS[faultCode(error)] ??
    (error instanceof Error ? error.message.split("\n")[0] : String(error));
}
