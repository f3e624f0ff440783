import { ImportError } from "../import_error.ts";

/** A hub, and who asks it. */
export interface HubAccess {
  /** Address without a slash at its end. */
  readonly endpoint: string;
  /** Access token; sent to the hub alone, never to the storage that it redirects to. */
  readonly token?: string;
}

/** What is asked of the hub. */
export interface HubRequest {
  readonly method: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Whether a redirect is the answer itself instead of being followed. */
  readonly isAnswer?: (redirect: Response) => boolean;
}

const MAX_REDIRECTS = 5;

/**
 * Asks the hub and follows its redirects.
 *
 * @throws {ImportError} after too many redirects; a network error as `fetch` throws it.
 */
export async function hubFetch(
  { endpoint, token }: HubAccess,
  start: string,
  { method, headers, signal, isAnswer }: HubRequest,
): Promise<Response> {
  let url = start;
  for (let i = 0; i <= MAX_REDIRECTS; i++) {
    const mayKnow = token !== undefined && new URL(url).origin === new URL(endpoint).origin;
    const response = await fetch(url, {
      method,
      redirect: "manual",
      // A compressed answer's length is not the file's.
      headers: {
        "accept-encoding": "identity",
        ...(mayKnow && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      signal,
    });
    const location = response.headers.get("location");
    const redirects = response.status >= 300 && response.status < 400 && location !== null;
    if (!redirects || isAnswer?.(response)) return response;
    await response.body?.cancel();
    url = new URL(location, url).href;
  }
  throw new ImportError(`Cannot pull: ${start} must redirect at most ${MAX_REDIRECTS} times`);
}
