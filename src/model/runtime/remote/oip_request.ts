import { setTimeout as delay } from "node:timers/promises";
import { UnavailableError } from "../../unavailable_error.ts";

/** Pause before the second try, ms. */
const RETRY_MS = 200;
/** Longest text of a server in an error message, characters. */
const MOST_TEXT = 300;

/** A server's response to one HTTP request. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Sends one request; rejects when the connection fails, or `init.signal` aborts. */
export async function fetchAnswer(
  url: string,
  init: RequestInit & { readonly client: Deno.HttpClient },
): Promise<Answer> {
  const response = await fetch(url, { ...init, redirect: "manual" });
  const body = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body };
}

/**
 * Sends a request, and sends it once more if its connection fails or the server is too busy for it.
 *
 * @param what the action for error messages, such as `run denseav-mini-image on http://gpu-box:8000`.
 * @param limitMs time limit of both tries together.
 * @param send one try, which ends at the signal at the latest, after `leftMs`.
 * @param busyText what a server said that is too busy; undefined for every other result.
 * @throws {UnavailableError} when the second try fails too, or the time is over.
 */
export async function sendTwice<Result>(
  what: string,
  limitMs: number,
  send: (signal: AbortSignal, leftMs: number) => Promise<Result>,
  busyText: (result: Result) => string | undefined,
): Promise<Result> {
  const signal = AbortSignal.timeout(limitMs);
  const endMs = performance.now() + limitMs;
  for (let tries = 1;; tries++) {
    let reason: string | undefined;
    try {
      const result = await send(signal, Math.max(1, endMs - performance.now()));
      reason = busyText(result);
      if (reason === undefined) return result;
    } catch (error) {
      if (signal.aborted) throw lateError(what, limitMs);
      reason = connectionFault(error);
    }
    if (tries === 2) throw new UnavailableError(`Cannot ${what}: ${reason}`);
    await delay(RETRY_MS, undefined, { signal }).catch(() => {
      throw lateError(what, limitMs);
    });
  }
}

/** The error of a server that did not respond within its time. */
export function lateError(what: string, limitMs: number): UnavailableError {
  return new UnavailableError(`Cannot ${what}: it must respond within ${limitMs / 1000} s`);
}

/** A server's text in one line of limited length; starts with `: ` unless it is empty. */
export function suffixOf(text: string): string {
  const line = text.replace(/\s+/g, " ").trim().slice(0, MOST_TEXT);
  return line === "" ? "" : `: ${line}`;
}

/** Deno puts the reason at the end of a chain of causes, and the address in front. */
function connectionFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = `${error.message} ${error.cause ?? ""}`;
  const certificate = /invalid peer certificate: (\w+)/i.exec(text);
  if (certificate) return `certificate rejected (${certificate[1]})`;
  const reason = /connection refused|connection reset|connection closed|dns error/i.exec(text);
  if (reason) return reason[0].toLowerCase();
  // What other requests get that waited for a connection which failed.
  if (/client error \(connect\): request was canceled/i.test(text)) return "connection failed";
  return error.message.replace(/\s+/g, " ");
}
