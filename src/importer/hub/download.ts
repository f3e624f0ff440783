import { createHash, type Hash } from "node:crypto";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ImportError } from "../import_error.ts";
import { type HubFile, reasonOf } from "./hub.ts";
import { type HubAccess, hubFetch } from "./hub_fetch.ts";

/** How a download behaves. */
export interface DownloadOptions {
  readonly access: HubAccess;
  readonly signal?: AbortSignal;
  /** Called with the number of bytes that have arrived. */
  readonly onProgress?: (received: number, total: number) => void;
  /** Pauses between attempts that brought nothing; as many attempts as it has entries. */
  readonly retryDelaysMs?: readonly number[];
  /** Called when an attempt has failed and another follows. */
  readonly onRetry?: (reason: string, delayMs: number) => void;
}

const RETRY_DELAYS_MS = [1000, 5000, 10_000, 30_000];
/** A connection without data for this long is given up. */
const STALL_MS = 30_000;

/**
 * Downloads `file` to `path`, from where an earlier attempt stopped.
 *
 * Until it is complete and its hash is right it is called `path.partial`; `path.partial.etag` holds
 * the version that it belongs to. An attempt that brought data resets the pauses.
 *
 * @throws {ImportError} when all attempts have failed or the content is not what the hub announced.
 */
export async function download(
  file: HubFile,
  path: string,
  options: DownloadOptions,
): Promise<void> {
  const partial = `${path}.partial`;
  const delays = options.retryDelaysMs ?? RETRY_DELAYS_MS;
  await Deno.mkdir(dirname(path), { recursive: true });
  await forgetOtherVersion(partial, file.etag);
  for (let failures = 0;;) {
    options.signal?.throwIfAborted();
    const before = await sizeOf(partial);
    const reason = await fetchRest(file, partial, options);
    if (reason === undefined) break;
    if (await sizeOf(partial) > before) failures = 0;
    if (failures >= delays.length) {
      throw new ImportError(
        `Cannot pull ${file.name}: ${reason} (${
          failures + 1
        } attempts); run the command again to continue`,
      );
    }
    const delayMs = delays[failures++];
    options.onRetry?.(reason, delayMs);
    await sleep(delayMs, undefined, { signal: options.signal });
  }
  const fault = await contentFault(partial, file);
  if (fault) {
    await Deno.remove(partial);
    throw new ImportError(`Cannot pull ${file.name}: ${fault}; the download was discarded`);
  }
  await Deno.rename(`${partial}.etag`, `${path}.etag`);
  await Deno.rename(partial, path);
}

/** Whether `path` holds this very version of `file`. */
export async function isDownloaded(file: HubFile, path: string): Promise<boolean> {
  const known = await Deno.readTextFile(`${path}.etag`).catch(() => undefined);
  return file.etag !== "" && known === file.etag && await sizeOf(path) === file.size;
}

/** Downloads the missing part. @returns why it stopped early, or undefined when the file is complete. */
async function fetchRest(
  file: HubFile,
  partial: string,
  options: DownloadOptions,
): Promise<string | undefined> {
  let received = await sizeOf(partial);
  if (received > file.size) {
    await Deno.truncate(partial, 0);
    received = 0;
  }
  options.onProgress?.(received, file.size);
  if (received === file.size) return undefined;
  const stall = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stall.signal]) : stall.signal;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stall.abort(), STALL_MS);
  };
  try {
    alive();
    const response = await hubFetch(options.access, file.url, {
      method: "GET",
      headers: received > 0 ? { range: `bytes=${received}-` } : {},
      signal,
    });
    if (received > 0 && response.status === 200) {
      // The server does not support resuming and sends the whole file.
      received = 0;
    } else if (response.status !== (received > 0 ? 206 : 200)) {
      await response.body?.cancel();
      return `server returned ${response.status} ${response.statusText}`.trim();
    }
    using out = await Deno.open(partial, { write: true, create: true });
    await out.truncate(received);
    await out.seek(received, Deno.SeekMode.Start);
    for await (const chunk of response.body ?? []) {
      alive();
      for (let at = 0; at < chunk.length;) at += await out.write(chunk.subarray(at));
      received += chunk.length;
      options.onProgress?.(received, file.size);
      if (received > file.size) break;
    }
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (stall.signal.aborted) return `no data for ${STALL_MS / 1000} s`;
    return reasonOf(cause);
  } finally {
    clearTimeout(timer);
  }
  if (received < file.size) return `the connection closed after ${received} of ${file.size} bytes`;
  return undefined;
}

async function forgetOtherVersion(partial: string, etag: string): Promise<void> {
  const note = `${partial}.etag`;
  const known = await Deno.readTextFile(note).catch(() => undefined);
  if (known !== etag || etag === "") await Deno.remove(partial).catch(() => {});
  await Deno.writeTextFile(note, etag);
}

/** Compares size and, where the etag is one, hash: sha256 for large files, git's blob hash for small. */
async function contentFault(path: string, file: HubFile): Promise<string | undefined> {
  const size = await sizeOf(path);
  if (size !== file.size) return `it must have ${file.size} bytes, got ${size}`;
  let hash: Hash;
  if (/^[0-9a-f]{64}$/.test(file.etag)) hash = createHash("sha256");
  else if (/^[0-9a-f]{40}$/.test(file.etag)) hash = createHash("sha1").update(`blob ${size}\0`);
  else return undefined;
  using opened = await Deno.open(path);
  for await (const chunk of opened.readable) hash.update(chunk);
  const got = hash.digest("hex");
  return got === file.etag ? undefined : `its hash must be ${file.etag}, got ${got}`;
}

/** Size in bytes; 0 for a missing file. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch {
    return 0;
  }
}
