import type { Log } from "../../core/log.ts";
import { decodeEvent, encodeEvent } from "../../events/event_json.ts";
import type { WhenceEvent } from "../../events/event.ts";
import type { EventMessage } from "../sink.ts";
import { HeldEvents } from "./held_events.ts";
import { interruptedEnd } from "./interrupted.ts";
import { type HeldMessage, MemoryStore, type StoredMessage } from "./message_store.ts";
import type { Outbox, OutboxMessage } from "./outbox.ts";
import { setAside } from "./outbox_file.ts";
import { isDamage, type SqliteStore } from "./sqlite_store.ts";

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
  readonly #openStore: (() => SqliteStore) | undefined;
  readonly #retryMs: number;
  readonly #nowMs: () => number;
  readonly #memory = new MemoryStore();
  readonly #events = new HeldEvents();
  /** Keys in flight, with their events. */
  readonly #inFlight = new Map<number, string>();
  /** Acknowledged, but still in the file, which could not be written. */
  readonly #undeleted = new Set<number>();
  #file: SqliteStore | undefined;
  /** All messages up to this key are in flight or no longer held. */
  #cursor = BEFORE_ALL;
  #nextKey = 0;
  #size = 0;
  #dropped = 0;
  #complaint: string | undefined;
  #retry: ReturnType<typeof setInterval> | undefined;

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
    this.#retryMs = retryMs;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#openStore = options.openStore;
    if (this.#openStore !== undefined) this.#attempt(() => this.#open());
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
    if (this.#complaint === undefined) return undefined;
    return `${this.#complaint}; ${this.unstored} event messages are held in memory only`;
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
    return this.#memory.has(key) || this.#ask((file) => file.has(key)) === true;
  }

  giveBack(): void {
    this.#inFlight.clear();
    this.#cursor = BEFORE_ALL;
  }

  close(): void {
    clearInterval(this.#retry);
    if (this.#complaint !== undefined) this.#recover();
    clearInterval(this.#retry);
    this.#dropped += this.unstored;
    this.#size -= this.unstored;
    this.#memory.messages.clear();
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): void {
    const file = this.#file = this.#openStore!();
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
    const stored = this.#ask((file) => file.after(key));
    const held = this.#memory.after(key);
    if (stored === undefined || held === undefined) return stored ?? held;
    return stored.key < held.key ? stored : held;
  }

  #store(message: StoredMessage): void {
    const { size } = this.#memory.messages;
    const stored = this.#file !== undefined && size === 0 &&
      this.#attempt(() => this.#file!.insert(message));
    if (!stored) this.#memory.insert(message);
  }

  #delete(key: number): void {
    if (this.#memory.has(key)) this.#memory.delete(key);
    else if (!this.#attempt(() => this.#file?.delete(key))) this.#undeleted.add(key);
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
    if (!this.#attempt(() => this.#file?.deleteEvent(id))) return false;
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
    return this.#ask((file) => file.updateOf(id, key)) ?? this.#memory.updateOf(id, key);
  }

  /** Asks the file; undefined if it cannot be read. */
  #ask<T>(question: (file: SqliteStore) => T): T | undefined {
    let answer: T | undefined;
    this.#attempt(() => answer = this.#file && question(this.#file));
    return answer;
  }

  /** Does something with the file; false, with a complaint, if it fails. */
  #attempt(work: () => unknown): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#file !== undefined && isDamage(error)) return this.#replace(this.#file, reason);
    const complaint = `Cannot store events: ${reason}`;
    if (this.#complaint !== complaint) {
      this.#log("warning", `${complaint}; they are held in memory until it can be written again`);
    }
    this.#complaint = complaint;
    if (this.#retry !== undefined) return;
    this.#retry = setInterval(() => this.#recover(), this.#retryMs);
    Deno.unrefTimer(this.#retry as unknown as number);
  }

  /** Tries to write the file again, and moves what is held in memory into it. */
  #recover(): void {
    const { messages } = this.#memory;
    const complaint = this.#complaint;
    const recovered = this.#attempt(() => {
      if (this.#file === undefined) this.#open();
      const file = this.#file!;
      for (const key of this.#undeleted) {
        file.delete(key);
        this.#undeleted.delete(key);
      }
      if (messages.size === 0) file.tryWrite();
      else file.insertAll(messages.values());
      messages.clear();
    });
    if (!recovered || complaint === undefined) return;
    clearInterval(this.#retry);
    this.#retry = this.#complaint = undefined;
    this.#log("info", "Events are stored again");
  }

  /** Puts a damaged file aside, and stores what can still be read of it in a new one. */
  #replace(file: SqliteStore, reason: string): void {
    const salvaged: StoredMessage[] = [];
    try {
      for (const message of file.messages()) salvaged.push(message);
    } catch {
      // The rest is damaged.
    }
    try {
      file.close();
    } catch {
      // Its locks end with this process.
    }
    this.#file = undefined;
    const kept = new Map(salvaged.map((message) => [message.key, message]));
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
    this.#attempt(() => setAside(file.path, this.#log, `${reason}; ${lost} messages lost`));
    this.#fail(new Error("its file was damaged"));
    this.#recover();
  }
}

function readEvent(line: string): WhenceEvent | undefined {
  try {
    return decodeEvent(line);
  } catch {
    // Written by a version with another schema.
    return undefined;
  }
}
