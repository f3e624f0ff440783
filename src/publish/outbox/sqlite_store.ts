import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { HeldEvent } from "./held_events.ts";
import type { HeldMessage, MessageStore, StoredMessage } from "./message_store.ts";

/** How soon a message is on the disk: `full` before it is sent, `normal` within a second. */
export type SyncMode = "normal" | "full";

/** Version of the tables, in `user_version`. */
const VERSION = 1;
/** Longest time a message stays in the page cache only with {@linkcode SyncMode} `normal`, ms. */
const SYNC_MS = 1_000;

/** Pages of the write-ahead log, of 4 kB, after which it starts over: it must stay small on a small disk. */
const LOG_PAGES = 256;

const TABLES = `
  CREATE TABLE IF NOT EXISTS message (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL,
    topic TEXT NOT NULL, payload TEXT NOT NULL, made_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS message_id ON message (id);
  CREATE TABLE IF NOT EXISTS open_event (
    id TEXT PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL
  ) STRICT;
  PRAGMA user_version = ${VERSION};`;

/** The last message of an event that has not ended. */
export interface OpenEvent {
  readonly id: string;
  readonly topic: string;
  readonly payload: string;
}

/** The file is not an outbox that this program can read. */
export class DamagedStoreError extends Error {
  override readonly name = "DamagedStoreError";
}

/** Whether SQLite reports that another connection has the file. */
export const isLocked = (error: unknown) =>
  error instanceof Error && /database is locked/.test(error.message);

/** Whether SQLite reports that the file is damaged. */
export const isDamage = (error: unknown) =>
  error instanceof DamagedStoreError ||
  error instanceof Error && /malformed|not a database|no such (table|column)/.test(error.message);

/**
 * Messages in a SQLite file, which one process has for itself as long as it lives. It also keeps the last message of each
 * event that has not ended.
 */
export class SqliteStore implements MessageStore {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #sync: SyncMode;
  readonly #statements = new Map<string, StatementSync>();
  #syncTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /**
   * Opens or creates a file.
   *
   * @throws {DamagedStoreError} if it is damaged or of another version.
   * @throws {Error} of SQLite: locked by another process, read-only, disk full.
   */
  constructor(path: string, sync: SyncMode) {
    this.path = path;
    this.#sync = sync;
    this.#db = new DatabaseSync(path, { timeout: 0 });
    try {
      // Exclusive: no second process, and no shared-memory file.
      this.#db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
        PRAGMA synchronous = ${sync.toUpperCase()};
        PRAGMA wal_autocheckpoint = ${LOG_PAGES}; PRAGMA journal_size_limit = ${
        LOG_PAGES * 4096
      };`);
      const { user_version: version } = this.#db.prepare("PRAGMA user_version").get()!;
      if (version !== 0 && version !== VERSION) {
        throw new DamagedStoreError(`its version is ${version}`);
      }
      this.#db.exec(`BEGIN IMMEDIATE; ${TABLES} COMMIT;`);
      const { quick_check: check } = this.#db.prepare("PRAGMA quick_check(1)").get()!;
      if (check !== "ok") throw new DamagedStoreError(String(check));
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  insert(message: StoredMessage): void {
    this.insertAll([message]);
  }

  /** Inserts messages in one transaction, all or none. */
  insertAll(messages: Iterable<StoredMessage>): void {
    this.#transact(() => {
      for (const { key, id, seq, type, topic, payload, madeMs } of messages) {
        this.#run("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?)", [
          ...[key, id, seq, type, topic, payload, madeMs],
        ]);
        if (type === "end") this.forgetOpen(id);
        else this.keepOpen({ id, topic, payload });
      }
    });
    if (this.#sync === "normal") this.#syncSoon();
  }

  after(key: number): HeldMessage | undefined {
    return this.#get(
      "SELECT key, id, topic, payload FROM message WHERE key > ? ORDER BY key LIMIT 1",
      [key],
    ) as HeldMessage | undefined;
  }

  has(key: number): boolean {
    return this.#get("SELECT 1 FROM message WHERE key = ?", [key]) !== undefined;
  }

  delete(key: number): void {
    this.#run("DELETE FROM message WHERE key = ?", [key]);
  }

  deleteEvent(id: string): void {
    this.#transact(() => {
      this.#run("DELETE FROM message WHERE id = ?", [id]);
      this.forgetOpen(id);
    });
  }

  updateOf(id: string, above: number): number | undefined {
    const row = this.#get(
      "SELECT MIN(key) AS key FROM message WHERE id = ? AND type = 'update' AND key > ?",
      [id, above],
    );
    return row?.key === null ? undefined : row?.key as number;
  }

  /** The largest key. */
  get lastKey(): number | undefined {
    const row = this.#get("SELECT MAX(key) AS key FROM message", []);
    return row?.key === null ? undefined : row?.key as number;
  }

  /** Subtracts from all keys. */
  shiftKeys(by: number): void {
    this.#transact(() => {
      // In two steps, since no key may occur twice meanwhile.
      this.#run("UPDATE message SET key = -4503599627370496 - key", []);
      this.#run("UPDATE message SET key = -4503599627370496 - key - ?", [by]);
    });
  }

  /** The events whose messages it holds, oldest first. */
  events(): HeldEvent[] {
    const rows = this.#db.prepare(
      `SELECT id, COUNT(*) AS count, MIN(made_ms) AS madeMs, MIN(seq) > 0 AS begun,
        MAX(type = 'end') AS ended FROM message GROUP BY id ORDER BY MIN(key)`,
    ).all() as unknown as {
      id: string;
      count: number;
      madeMs: number;
      begun: 0 | 1;
      ended: 0 | 1;
    }[];
    return rows.map((row) => ({ ...row, begun: row.begun === 1, ended: row.ended === 1 }));
  }

  /** The last message of each event that has not ended. */
  openEvents(): OpenEvent[] {
    return this.#db.prepare("SELECT id, topic, payload FROM open_event ORDER BY rowid")
      .all() as unknown as OpenEvent[];
  }

  /** Notes the last message of an event that has not ended. */
  keepOpen({ id, topic, payload }: OpenEvent): void {
    this.#run("REPLACE INTO open_event VALUES (?, ?, ?)", [id, topic, payload]);
  }

  /** Forgets an event that has not ended. */
  forgetOpen(id: string): void {
    this.#run("DELETE FROM open_event WHERE id = ?", [id]);
  }

  /** All messages, oldest first; as many as can be read. */
  *messages(): Generator<StoredMessage> {
    yield* this.#db.prepare(
      "SELECT key, id, seq, type, topic, payload, made_ms AS madeMs FROM message ORDER BY key",
    ).iterate() as Iterable<unknown> as Iterable<StoredMessage>;
  }

  /** Writes a page, to find out whether the disk takes it. */
  tryWrite(): void {
    this.#transact(() => this.#db.exec(`PRAGMA user_version = ${VERSION}`));
  }

  close(): void {
    clearTimeout(this.#syncTimer);
    this.#closed = true;
    this.#db.close();
  }

  #run(sql: string, values: (string | number)[]): void {
    this.#statement(sql).run(...values);
  }

  #get(sql: string, values: (string | number)[]) {
    return this.#statement(sql).get(...values);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }

  #transact(work: () => void): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#db.exec("COMMIT");
    } catch (error) {
      try {
        this.#db.exec("ROLLBACK");
      } catch {
        // SQLite has rolled back by itself, as it does when the disk is full.
      }
      throw error;
    }
  }

  /** Flushes the log to the disk beside the event loop, which an fsync inside SQLite would block. */
  #syncSoon(): void {
    this.#syncTimer ??= setTimeout(async () => {
      this.#syncTimer = undefined;
      if (this.#closed) return;
      try {
        // Another descriptor than SQLite's: closing it must not release the locks, which are on the main file.
        using log = await Deno.open(`${this.path}-wal`);
        await log.syncData();
      } catch {
        // The next write shows what is wrong with the disk.
      }
    }, SYNC_MS);
  }
}
