import type { WhenceEvent } from "../events/event.ts";
import { pipelineTopics } from "../publish/mqtt/topics.ts";
import { readEvent, readState } from "./read_message.ts";

/**
 * What a change comes from: a `message` of the event, the pipeline's state (`stopped`, `failed`), its process going `offline`,
 * or messages that were `missed` while this client was away.
 */
export type Cause = "message" | "stopped" | "failed" | "offline" | "missed";

/** Something that happened to one event. */
export interface EventChange {
  /** `new` and `update`: the event lasts; `end`: it is over. */
  readonly type: WhenceEvent["type"];
  /** Its newest message. If `cause` is not `message`, that is an earlier one, whose own `type` is not `end`. */
  readonly event: WhenceEvent;
  readonly cause: Cause;
}

/** Events whose late duplicates are still recognized; the longest unchanged is forgotten first. */
const REMEMBERED = 1000;

/**
 * Follows the events of all pipelines under one prefix, by the rules for consumers: drops duplicates, and ends events whose
 * pipeline has stopped. Knows no network.
 */
export class EventTracker {
  readonly #prefix: string;
  /** By id, the one that changed last at the end. */
  readonly #events = new Map<string, { readonly event: WhenceEvent; readonly lasts: boolean }>();

  constructor(prefix = "whence") {
    this.#prefix = prefix;
  }

  /** Topics to subscribe to, with QoS 1. */
  get filters(): string[] {
    const { event, state, available } = pipelineTopics(this.#prefix, "+");
    return [event, state, available];
  }

  /** The newest message of each event that lasts. */
  get lasting(): WhenceEvent[] {
    return [...this.#events.values()].filter(({ lasts }) => lasts).map(({ event }) => event);
  }

  /**
   * Takes one MQTT message and returns what it changes: nothing if it is a duplicate.
   *
   * @throws {EventFormatError} when the payload is not an event or state of this version.
   */
  take(topic: string, payload: string): EventChange[] {
    const [pipeline] = topic.slice(this.#prefix.length + 1).split("/");
    const topics = pipelineTopics(this.#prefix, pipeline);
    if (topic === topics.event) return this.#takeEvent(readEvent(payload));
    if (topic === topics.available && payload === "offline") return this.end("offline", pipeline);
    // An empty payload deletes the retained state.
    if (topic !== topics.state || payload === "") return [];
    const state = readState(payload);
    return state === "stopped" || state === "failed" ? this.end(state, pipeline) : [];
  }

  /** Ends the events that last, all or those of one pipeline. A later message can resume one. */
  end(cause: Cause, pipeline?: string): EventChange[] {
    const ended = this.lasting.filter((event) => [undefined, event.pipeline].includes(pipeline));
    for (const event of ended) this.#events.set(event.id, { event, lasts: false });
    return ended.map((event) => ({ type: "end", event, cause }));
  }

  #takeEvent(event: WhenceEvent): EventChange[] {
    const { id, seq, type } = event;
    if (seq <= (this.#events.get(id)?.event.seq ?? -1)) return [];
    this.#events.delete(id);
    this.#events.set(id, { event, lasts: type !== "end" });
    const [oldest] = this.#events.keys();
    if (this.#events.size > REMEMBERED) this.#events.delete(oldest);
    return [{ type, event, cause: "message" }];
  }
}
