import { z } from "zod";
import type { Reach } from "../core/reach.ts";
import type { Probe } from "./source.ts";

const PATIENCE_MS = 3_000;

/** The address of a source on the network. */
export interface NetworkAddress {
  readonly url: string;
}

/** Schema of a URL with a host; `usage` is its form, for error messages. */
export function networkUrl(usage: string): z.ZodType<NetworkAddress, string> {
  return z.string().refine(hasHost, `must be ${usage}`).transform((url) => ({ url }));
}

function hasHost(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.hostname !== "" && !/["\\\s]/.test(text);
}

/** The host and port of a URL, as a permission to connect. */
export function hostReach(url: string, defaultPort: number): Reach {
  const { hostname, port } = new URL(url);
  return { net: [`${hostname}:${Number(port) || defaultPort}`] };
}

/** Checks that the host of a URL accepts connections. */
export async function probeHost(url: string, defaultPort: number): Promise<Probe> {
  const { hostname, port } = new URL(url);
  const place = `${hostname}:${Number(port) || defaultPort}`;
  const giveUp = new AbortController();
  const connecting = Deno.connect({
    signal: giveUp.signal,
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || defaultPort,
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Name resolution cannot be aborted.
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, PATIENCE_MS));
  try {
    const connection = await Promise.race([connecting, late]);
    if (!connection) {
      // Else the system would go on for two minutes.
      giveUp.abort();
      connecting.then((late) => late.close(), () => {});
      return { status: "missing", detail: `${place} does not answer` };
    }
    connection.close();
    return { status: "ok", detail: `${place} accepts connections` };
  } catch (error) {
    const refused = error instanceof Deno.errors.ConnectionRefused;
    return {
      status: "missing",
      detail: refused ? `${place} refuses connections` : `${place} is unreachable`,
    };
  } finally {
    clearTimeout(timer);
  }
}
