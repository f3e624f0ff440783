import { isLoopback } from "../core/listen_address.ts";
import { sameToken } from "../core/token.ts";

const COOKIE = "whence_view";

/** Who may see the page. */
export interface AccessOptions {
  /** The host that the server listens on. */
  readonly hostname: string;
  /** What clients must show; undefined on a loopback address. */
  readonly token: string | undefined;
}

/** What a request may do; `login` carries the token in its link and gets it as a cookie. */
export type Verdict = "allowed" | "login" | "no_token" | "wrong_host" | "wrong_origin";

/**
 * Decides which requests may see the page. Pages of other sites must not: a loopback server only answers to loopback names
 * (against DNS rebinding), any other one asks for a token, and connections must come from the page's own origin.
 */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Judges a request. */
  judge(request: Request): Verdict {
    const { hostname, token } = this.#options;
    const url = new URL(request.url);
    const host = request.headers.get("host") ?? url.host;
    const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
    if (isLoopback(hostname) && !isLoopback(name)) return "wrong_host";
    const origin = request.headers.get("origin");
    if (origin !== null && !sameHost(origin, host)) return "wrong_origin";
    if (token === undefined) return "allowed";
    const shown = url.searchParams.get("token");
    if (shown !== null && sameToken(shown, token)) return "login";
    const cookie = cookieOf(request, COOKIE);
    return cookie !== undefined && sameToken(cookie, token) ? "allowed" : "no_token";
  }

  /** The header that lets a browser in after it has followed the link with the token. */
  get cookie(): string {
    return `${COOKIE}=${this.#options.token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000`;
  }
}

function sameHost(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

function cookieOf(request: Request, name: string): string | undefined {
  const pairs = (request.headers.get("cookie") ?? "").split(/;\s*/);
  const pair = pairs.find((pair) => pair.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}
