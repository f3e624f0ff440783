import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../core/log.ts";
import type { StoredMessage } from "./message_store.ts";
import { isDamage, isLocked, SqliteStore, type SyncMode } from "./sqlite_store.ts";

/** Where one pipeline's outbox is. */
export interface OutboxPlace {
  /** Folder of this program's state. */
  readonly folder: string;
  /** The pipeline's name. */
  readonly pipeline: string;
  /** What the messages are for: a broker and a prefix. Another target has another file. */
  readonly target: string;
  readonly sync: SyncMode;
}

/** Processes that may run the same pipeline at the same time. */
const MOST_PROCESSES = 9;

/** The file of a pipeline's outbox; `n` from 2 for further processes that run the same pipeline. */
export function outboxPath({ folder, pipeline, target }: OutboxPlace, n = 1): string {
  const hash = createHash("sha256").update(target).digest("hex").slice(0, 8);
  return join(folder, "outbox", `${pipeline}-${hash}${n === 1 ? "" : `-${n}`}.sqlite`);
}

/**
 * Opens a pipeline's outbox: the first file that no other process has. Messages in further files, left by processes that
 * ended, are moved into it. A damaged file is renamed and replaced.
 *
 * @throws {Error} of the file system or SQLite.
 */
export function openOutboxFile(place: OutboxPlace, log: Log): SqliteStore {
  const { pipeline, folder } = place;
  mkdirSync(join(folder, "outbox"), { recursive: true });
  let store: SqliteStore | undefined;
  for (let n = 1; n <= MOST_PROCESSES; n++) {
    const path = outboxPath(place, n);
    if (store !== undefined && !existsSync(path)) continue;
    try {
      const opened = openOrReplace(path, place.sync, log);
      if (store === undefined) {
        store = opened;
        continue;
      }
      adopt(store, opened);
      opened.close();
      for (const suffix of ["", "-wal"]) rmSync(path + suffix, { force: true });
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (n === 1) {
        log(
          "warning",
          `Another process publishes ${pipeline} to the same topics: set a different name or prefix`,
        );
      }
    }
  }
  if (store !== undefined) return store;
  throw new Error(`all ${MOST_PROCESSES} files of ${outboxPath(place)} are in use`);
}

/** The messages that can still be read of a damaged outbox, which is closed. */
export function readable(file: SqliteStore): StoredMessage[] {
  const messages: StoredMessage[] = [];
  try {
    for (const message of file.messages()) messages.push(message);
  } catch {
    // The rest is damaged.
  }
  try {
    file.close();
  } catch {
    // Its locks end with this process.
  }
  return messages;
}

/** Renames a damaged outbox, so that it can be examined. */
export function setAside(path: string, log: Log, why: string): void {
  const aside = `${path}.damaged-${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`;
  renameSync(path, aside);
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${aside}-wal`);
  log(
    "error",
    `The outbox ${path} is damaged (${why}): renamed to ${aside}, starting with an empty one`,
  );
}

function openOrReplace(path: string, sync: SyncMode, log: Log): SqliteStore {
  try {
    return new SqliteStore(path, sync);
  } catch (error) {
    if (!isDamage(error)) throw error;
    setAside(path, log, (error as Error).message);
    return new SqliteStore(path, sync);
  }
}

function adopt(store: SqliteStore, other: SqliteStore): void {
  let key = (store.lastKey ?? -1) + 1;
  store.insertAll([...other.messages()].map((message) => ({ ...message, key: key++ })));
  for (const event of other.openEvents()) store.keepOpen(event);
}
