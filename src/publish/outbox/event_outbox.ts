import type { Log } from "../../core/log.ts";
import { encodeEvent } from "../../events/event_json.ts";
import type { WhenceEvent } from "../../events/event.ts";
import type { EventMessage } from "../sink.ts";
import { HeldEvents } from "./held_events.ts";
import { interruptedEnd, readEvent } from "./interrupted.ts";
import { type HeldMessage, MemoryStore, type StoredMessage } from "./message_store.ts";
import type { Outbox, OutboxMessage } from "./outbox.ts";
import { readable, setAside } from "./outbox_file.ts";
import { RetriedFile } from "./retried_file.ts";
import type { SqliteStore } from "./sqlite_store.ts";

/** What an {@linkcode EventOutbox} needs. */
export interface EventOutboxOptions {
  /** Messages held at most. Default: 1,000. */
  readonly maxMessages?: number;
  /** Age at which events are dropped. Default: 7. */
  readonly maxDays?: number;
  readonly log?: Log;
  /** Opens the file; called again after it failed. Default: messages are held in memory only. */
  readonly openStore?: () => SqliteStore;
  /** Pause before a file that failed is tried again, ms. */
  readonly retryMs?: number;
  /** Epoch ms. */
  readonly nowMs?: () => number;
}

const DAY_MS = 86_400_000;
const BEFORE_ALL = Number.MIN_SAFE_INTEGER;

/**
 * The outbox of one pipeline: in a SQLite file if it is given one. While the file cannot be written, messages are held in
 * memory, and moved into the file as soon as it can be written again.
 *
 * When full, it drops the oldest event of which nothing has been sent, with all its messages, those that follow included. If
 * each held event was sent in part, it drops the oldest `update`: an event that a consumer knows always ends.
 *
 * An event that an earlier process did not end, because it was killed, gets an `end` with the reason `interrupted`.
 */
export class EventOutbox implements Outbox {
  readonly bound: number;
  /** Last messages of the events that an earlier process did not end. */
  readonly interrupted: WhenceEvent[] = [];
  readonly #maxMs: number;
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #file: RetriedFile;
  readonly #memory = new MemoryStore();
  readonly #events = new HeldEvents();
  /** Keys in flight, with their events. */
  readonly #inFlight = new Map<number, string>();
  /** Acknowledged, but still in the file, which could not be written. */
  readonly #undeleted = new Set<number>();
  /** All messages up to this key are in flight or no longer held. */
  #cursor = BEFORE_ALL;
  #nextKey = 0;
  #size = 0;
  #dropped = 0;

  constructor(options: EventOutboxOptions = {}) {
    const { maxMessages = 1_000, maxDays = 7, log = () => {}, retryMs = 1_000 } = options;
    if (!Number.isInteger(maxMessages) || maxMessages < 1) {
      throw new RangeError(
        `Cannot make an outbox: maxMessages must be an integer ≥ 1, got ${maxMessages}`,
      );
    }
    this.bound = maxMessages;
    this.#maxMs = maxDays * DAY_MS;
    this.#log = log;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#file = new RetriedFile({
      open: options.openStore,
      log,
      retryMs,
      opened: (file) => this.#opened(file),
      refill: (file) => this.#refill(file),
      salvage: (file, reason) => this.#salvage(file, reason),
    });
    this.#file.open();
  }

  get size(): number {
    return this.#size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get unstored(): number {
    return this.#memory.messages.size;
  }

  get complaint(): string | undefined {
    const { complaint } = this.#file;
    if (complaint === undefined) return undefined;
    return `${complaint}; ${this.unstored} event messages are held in memory only`;
  }

  add(topic: string, { event: { id, seq, type }, line }: EventMessage): number {
    const key = this.#nextKey++;
    const message = { key, topic, payload: line, id, seq, type, madeMs: this.#nowMs() };
    if (this.#events.refuses(message)) {
      this.#dropped++;
      return key;
    }
    this.#size++;
    this.#events.add(message);
    this.#store(message);
    this.#expire();
    while (this.#size > this.bound && this.#dropOne());
    return key;
  }

  take(): OutboxMessage | undefined {
    let key = this.#cursor;
    for (;;) {
      const message = this.#after(key);
      if (message === undefined) return undefined;
      key = message.key;
      if (this.#inFlight.has(key) || this.#undeleted.has(key)) continue;
      this.#cursor = key;
      this.#inFlight.set(key, message.id);
      this.#events.begin(message.id);
      return message;
    }
  }

  acknowledge(key: number): boolean {
    const id = this.#inFlight.get(key);
    if (id === undefined) return false;
    this.#inFlight.delete(key);
    this.#size--;
    this.#events.remove(id);
    this.#delete(key);
    return true;
  }

  holds(key: number): boolean {
    if (this.#undeleted.has(key)) return false;
    return this.#memory.has(key) || this.#file.ask((file) => file.has(key)) === true;
  }

  giveBack(): void {
    this.#inFlight.clear();
    this.#cursor = BEFORE_ALL;
  }

  close(): void {
    this.#file.close();
    this.#dropped += this.unstored;
    this.#size -= this.unstored;
    this.#memory.messages.clear();
  }

  /** Continues the keys and events of a file, and ends events that an earlier process did not end. */
  #opened(file: SqliteStore): void {
    const first = this.#memory.messages.keys().next().value ?? this.#nextKey;
    const last = file.lastKey;
    if (this.#nextKey === 0) this.#nextKey = (last ?? -1) + 1;
    else if (last !== undefined && last >= first) file.shiftKeys(last + 1 - first);
    for (const event of file.events()) {
      this.#events.restore(event);
      this.#size += event.count;
    }
    if (this.#size > 0 && last !== undefined) {
      this.#log("info", `${this.#size} event messages of an earlier run are sent now`);
    }
    this.#cursor = BEFORE_ALL;
    this.#expire();
    for (const { id, topic, payload } of file.openEvents()) {
      // An event of this process: the file was opened late, or again.
      if (this.#isOwn(id)) continue;
      const last = readEvent(payload);
      file.forgetOpen(id);
      if (last === undefined) continue;
      this.interrupted.push(last);
      const end = interruptedEnd(last, this.#nowMs());
      this.add(topic, { event: end, line: encodeEvent(end) });
    }
  }

  #isOwn(id: string): boolean {
    return this.#memory.messages.values().some((message) => message.id === id);
  }

  #after(key: number): HeldMessage | undefined {
    const stored = this.#file.ask((file) => file.after(key));
    const held = this.#memory.after(key);
    if (stored === undefined || held === undefined) return stored ?? held;
    return stored.key < held.key ? stored : held;
  }

  #store(message: StoredMessage): void {
    const { size } = this.#memory.messages;
    const stored = this.#file.isOpen && size === 0 &&
      this.#file.write((file) => file.insert(message));
    if (!stored) this.#memory.insert(message);
  }

  #delete(key: number): void {
    if (this.#memory.has(key)) this.#memory.delete(key);
    else if (!this.#file.write((file) => file.delete(key))) this.#undeleted.add(key);
  }

  #expire(): void {
    const beforeMs = this.#nowMs() - this.#maxMs;
    for (;;) {
      const event = this.#events.expired(beforeMs);
      if (event === undefined || !this.#dropEvent(event.id)) return;
    }
  }

  /** Makes room; false if there is nothing that may be dropped. */
  #dropOne(): boolean {
    const whole = this.#events.oldestWhole();
    if (whole !== undefined) return this.#dropEvent(whole.id);
    for (const { id } of this.#events.begun()) {
      if (this.#dropUpdate(id)) return true;
    }
    return false;
  }

  #dropEvent(id: string): boolean {
    const event = this.#events.get(id)!;
    if (!this.#file.write((file) => file.deleteEvent(id))) return false;
    this.#memory.deleteEvent(id);
    this.#size -= event.count;
    this.#dropped += event.count;
    this.#events.drop(event);
    return true;
  }

  #dropUpdate(id: string): boolean {
    let key: number | undefined = BEFORE_ALL;
    do key = this.#updateOf(id, key); while (
      key !== undefined && (this.#inFlight.has(key) || this.#undeleted.has(key))
    );
    if (key === undefined) return false;
    this.#delete(key);
    this.#events.remove(id);
    this.#size--;
    this.#dropped++;
    return true;
  }

  /** The key of an event's oldest `update` above `key`; those in memory are the newest. */
  #updateOf(id: string, key: number): number | undefined {
    return this.#file.ask((file) => file.updateOf(id, key)) ?? this.#memory.updateOf(id, key);
  }

  /** Deletes what was acknowledged while the file failed, and moves what is held in memory into it. */
  #refill(file: SqliteStore): void {
    const { messages } = this.#memory;
    for (const key of this.#undeleted) {
      file.delete(key);
      this.#undeleted.delete(key);
    }
    if (messages.size === 0) file.tryWrite();
    else file.insertAll(messages.values());
    messages.clear();
  }

  /** Holds in memory what can still be read of a damaged file, and renames it. */
  #salvage(file: SqliteStore, reason: string): void {
    const kept = new Map(readable(file).map((message) => [message.key, message]));
    for (const key of this.#undeleted) kept.delete(key);
    this.#undeleted.clear();
    const held = [...kept.values(), ...this.#memory.messages.values()];
    const lost = this.#size - held.length;
    this.#memory.messages.clear();
    this.#events.clear();
    for (const message of held) {
      this.#memory.insert(message);
      this.#events.add(message);
    }
    this.#size = held.length;
    this.#dropped += lost;
    setAside(file.path, this.#log, `${reason}; ${lost} messages lost`);
  }
}
