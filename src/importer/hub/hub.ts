import { ImportError } from "../import_error.ts";

/** A repository on a Hugging Face hub. */
export interface HubRepository {
  readonly organisation: string;
  readonly name: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

/** What the hub says about one file before it is fetched. */
export interface HubFile {
  readonly name: string;
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  /** Changes with the content; a download is resumed only while it stays. */
  readonly etag: string;
  /** Commit that `revision` stands for, when the hub says. */
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
  return { organisation: match[1], name: match[2], revision: match[3] ?? "main" };
}

/** The hub's address: `HF_ENDPOINT`, or the public one. */
export function hubEndpoint(): string {
  return (Deno.env.get("HF_ENDPOINT") || "https://huggingface.co").replace(/\/+$/, "");
}

/**
 * Asks for a file's size and hash without fetching it.
 *
 * The hub answers with a redirect to its storage; size and hash of a large file stand in
 * `X-Linked-Size` and `X-Linked-Etag` of that redirect (Hugging Face hub, `resolve` endpoint).
 *
 * @returns undefined when the repository has no such file.
 * @throws {ImportError} when the hub refuses or does not say a size.
 */
export async function askForFile(
  endpoint: string,
  repository: HubRepository,
  file: string,
  signal?: AbortSignal,
): Promise<HubFile | undefined> {
  const { organisation, name, revision } = repository;
  const path = `${organisation}/${name}/resolve/${encodeURIComponent(revision)}/${file}`;
  const url = `${endpoint}/${path}`;
  const { status, statusText, headers } = await headOf(url, signal);
  if (status === 404 && headers.get("x-error-code") !== "RepoNotFound") return undefined;
  if (status >= 400) {
    throw new ImportError(
      `Cannot pull: ${url} must be readable, got ${status} ${
        headers.get("x-error-message") ?? statusText
      }`.trim(),
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

const MAX_REDIRECTS = 5;

/**
 * Follows redirects up to the one that tells about the file: storage may sign its address for GET
 * only, and then refuses this question.
 */
async function headOf(start: string, signal?: AbortSignal): Promise<Response> {
  let url = start;
  for (let i = 0; i <= MAX_REDIRECTS; i++) {
    let response: Response;
    try {
      response = await fetch(url, {
        method: "HEAD",
        redirect: "manual",
        // A compressed answer's length is not the file's.
        headers: { "accept-encoding": "identity" },
        signal,
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new ImportError(`Cannot pull: ${url} must be reachable: ${reasonOf(cause)}`, { cause });
    }
    await response.body?.cancel();
    const { status, headers } = response;
    const location = headers.get("location");
    if (status < 300 || status >= 400 || !location || headers.has("x-linked-size")) return response;
    url = new URL(location, url).href;
  }
  throw new ImportError(`Cannot pull: ${start} must redirect at most ${MAX_REDIRECTS} times`);
}

/** A network error's own words, without its stack. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
}
