import { isLoopback } from "../core/listen_address.ts";
import { sameToken } from "../core/token.ts";

/** Pages of other hosts that connect to servers of this machine: Foxglove's own. */
const KNOWN_ORIGINS = ["https://app.foxglove.dev", "https://studio.foxglove.dev"];

/** Who may connect. */
export interface LiveAccess {
  /** The host that the server listens on. */
  readonly hostname: string;
  /** What clients must give in the link; undefined on a loopback address. */
  readonly token: string | undefined;
}

/**
 * Whether a request may connect. Desktop programs give no origin, or `file://`. On a loopback address, Foxglove's page and pages of
 * this machine may connect and those of other sites may not; on any other address, a client needs the token.
 *
 * @returns the reason why it may not.
 */
export function refusal(request: Request, { hostname, token }: LiveAccess): string | undefined {
  const url = new URL(request.url);
  if (token !== undefined) {
    const given = url.searchParams.get("token");
    const right = given !== null && sameToken(given, token);
    return right ? undefined : "use the link with the token that Whence printed at start";
  }
  const host = request.headers.get("host") ?? url.host;
  // Against DNS rebinding.
  if (isLoopback(hostname) && !isLoopback(nameOf(host))) return "connect to 127.0.0.1 or localhost";
  const origin = request.headers.get("origin");
  if (origin === null || origin === "file://" || KNOWN_ORIGINS.includes(origin)) return undefined;
  return isLoopback(nameOf(origin.replace(/^https?:\/\//, "")))
    ? undefined
    : `pages of ${origin} may not connect`;
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}
