import { rememberSecret } from "../../core/secrets.ts";
import { ImportError } from "../import_error.ts";
import { type HubAccess, hubFetch } from "./hub_fetch.ts";

/** A repository on a Hugging Face hub. */
export interface HubRepository {
  readonly organization: string;
  readonly name: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

/** What the hub states about one file before it is downloaded. */
export interface HubFile {
  readonly name: string;
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  /** Changes with the content; a download is resumed only while it stays the same. */
  readonly etag: string;
  /** Commit that `revision` resolves to, if the hub states it. */
  readonly commit: string | undefined;
}

const REFERENCE = /^hf:([\w][\w.-]*)\/([\w][\w.-]*?)(?:@([\w][\w./-]*))?$/;

/**
 * Reads `hf:ORG/NAME[@revision]`.
 *
 * @throws {ImportError} for anything else.
 */
export function parseReference(text: string): HubRepository {
  const match = REFERENCE.exec(text);
  if (!match || text.includes("..")) {
    throw new ImportError(
      `Cannot pull: the model must be hf:ORG/NAME or hf:ORG/NAME@revision, got ${
        JSON.stringify(text)
      }`,
    );
  }
  return { organization: match[1], name: match[2], revision: match[3] ?? "main" };
}

/** The hub's address: `HF_ENDPOINT`, or the public one. */
export function hubEndpoint(): string {
  return (Deno.env.get("HF_ENDPOINT") || "https://huggingface.co").replace(/\/+$/, "");
}

/** The access token for the hub: `HF_TOKEN`, if it is set; from then on it is masked wherever it would show. */
export function hubToken(): string | undefined {
  const token = Deno.env.get("HF_TOKEN")?.trim();
  if (!token) return undefined;
  rememberSecret(token);
  return token;
}

/**
 * Asks for a file's size and hash without downloading it.
 *
 * The hub answers with a redirect to its storage; the size and hash of a large file are in
 * `X-Linked-Size` and `X-Linked-Etag` of that redirect (Hugging Face hub, `resolve` endpoint).
 * Storage may sign its address for GET only and then refuses this request, so that redirect is not followed.
 *
 * @returns undefined when the repository has no such file.
 * @throws {ImportError} when the hub refuses or does not state a size.
 */
export async function askForFile(
  access: HubAccess,
  repository: HubRepository,
  file: string,
  signal?: AbortSignal,
): Promise<HubFile | undefined> {
  const { organization, name, revision } = repository;
  const path = `${organization}/${name}/resolve/${encodeURIComponent(revision)}/${file}`;
  const url = `${access.endpoint}/${path}`;
  const { status, statusText, headers } = await headOf(access, url, signal);
  if (status === 404 && headers.get("x-error-code") !== "RepoNotFound") return undefined;
  if (status >= 400) {
    const reason = headers.get("x-error-message") ?? statusText;
    throw new ImportError(
      `Cannot pull: ${url} must be readable, got ${status} ${reason}`.trim() +
        (status === 401 || status === 403 ? `; ${tokenHint(access)}` : ""),
    );
  }
  const size = Number(headers.get("x-linked-size") ?? headers.get("content-length") ?? NaN);
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new ImportError(`Cannot pull: ${url} must state its size, got none`);
  }
  const etag = headers.get("x-linked-etag") ?? headers.get("etag") ?? "";
  return {
    name: file,
    url,
    size,
    etag: etag.replace(/^W\//, "").replaceAll('"', ""),
    commit: headers.get("x-repo-commit") ?? undefined,
  };
}

function tokenHint({ token }: HubAccess): string {
  return token === undefined
    ? "for a private or gated model set HF_TOKEN to an access token"
    : "HF_TOKEN must be an access token that may read it";
}

async function headOf(access: HubAccess, url: string, signal?: AbortSignal): Promise<Response> {
  try {
    const response = await hubFetch(access, url, {
      method: "HEAD",
      signal,
      isAnswer: ({ headers }) => headers.has("x-linked-size"),
    });
    await response.body?.cancel();
    return response;
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof ImportError) throw cause;
    throw new ImportError(`Cannot pull: ${url} must be reachable: ${reasonOf(cause)}`, { cause });
  }
}

/** A network error's message, without its stack. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
}
