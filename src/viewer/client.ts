import { z } from "zod";
import { type FeedItem, TelemetryFeed } from "../telemetry/feed.ts";
import type { Topic } from "../telemetry/topics.ts";
import type { Recent } from "./recent.ts";
import type { ViewedPipeline } from "./viewed_pipeline.ts";
import {
  type Batch,
  encodeBatch,
  type Hello,
  type ProcessUse,
  type Watching,
  type WireItem,
} from "./wire.ts";
import { wireItem } from "./wire_item.ts";

/** Shortest pause between two batches, ms. */
const BATCH_EVERY_MS = 60;
/** Batches that may be on their way; a page that acknowledges none gets newer data when it does. */
const BATCHES_UNDERWAY = 3;
/** Shortest distance between two pictures of a preview, s. */
const PREVIEW_SECONDS = 0.45;
/** Bytes of one message from the page. */
const LONGEST_MESSAGE = 64_000;

const STATUS: readonly Topic[] = [
  "description",
  "state",
  "tuning",
  "stats",
  "log",
  "event",
  "near_miss",
];
const TOPICS: Readonly<Record<Watching, readonly Topic[]>> = {
  background: STATUS,
  preview: [...STATUS, "picture", "step"],
  hidden: [...STATUS, "step", "maps", "hop"],
  full: [...STATUS, "picture", "step", "maps", "hop"],
};

const messageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ack"), number: z.int() }),
  z.strictObject({
    type: z.literal("watch"),
    pipelines: z.record(z.string(), z.enum(["full", "hidden", "preview", "background"])),
  }),
  z.strictObject({ type: z.literal("tune"), pipeline: z.string(), change: z.unknown() }),
  z.strictObject({ type: z.literal("reset"), pipeline: z.string() }),
  z.strictObject({ type: z.literal("save"), pipeline: z.string() }),
]);

interface Watched {
  readonly pipeline: ViewedPipeline;
  readonly recent: Recent;
  feed: TelemetryFeed;
  watching: Watching;
  lastPreviewS: number;
}

/** What a client is given. */
export interface ClientOptions {
  readonly socket: WebSocket;
  readonly hello: Hello;
  readonly pipelines: readonly { readonly pipeline: ViewedPipeline; readonly recent: Recent }[];
  /** Called after settings have changed, for the other clients. */
  readonly changed: (pipeline: ViewedPipeline) => void;
}

/**
 * One open page. What it shows is sent in batches; the next one goes out when earlier ones have been acknowledged, so that a
 * slow page or network gets newer pictures instead of a growing queue.
 */
export class Client implements Disposable {
  readonly #options: ClientOptions;
  readonly #watched: Map<string, Watched>;
  readonly #extra: WireItem[] = [];
  #hello: Hello | undefined;
  #process: ProcessUse | undefined;
  #sent = 0;
  #acknowledged = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#hello = options.hello;
    this.#watched = new Map(options.pipelines.map(({ pipeline, recent }) => {
      this.#extra.push(...recent.items(), yamlItem(pipeline));
      const feed = new TelemetryFeed(pipeline.telemetry, TOPICS.background);
      const watched = { pipeline, recent, feed, watching: "background", lastPreviewS: -Infinity };
      return [pipeline.name, watched as Watched];
    }));
    options.socket.onmessage = ({ data }) => void this.#receive(data);
    this.#timer = setInterval(() => this.#send(), BATCH_EVERY_MS);
  }

  /** Sends how much of the machine the server uses. */
  use(process: ProcessUse): void {
    this.#process = process;
  }

  /** Sends how the settings in use differ from the file. */
  yaml(pipeline: ViewedPipeline, fault?: string): void {
    this.#extra.push(yamlItem(pipeline, fault));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const { feed } of this.#watched.values()) feed[Symbol.dispose]();
  }

  #send(): void {
    const { socket } = this.#options;
    const underway = this.#sent - this.#acknowledged;
    if (socket.readyState !== WebSocket.OPEN || underway >= BATCHES_UNDERWAY) return;
    const items = [...this.#extra.splice(0), ...this.#newItems()];
    if (items.length === 0 && !this.#hello && !this.#process) return;
    const batch: Batch = {
      number: ++this.#sent,
      hello: this.#hello,
      process: this.#process,
      items,
    };
    this.#hello = this.#process = undefined;
    socket.send(encodeBatch(batch));
  }

  #newItems(): WireItem[] {
    const items: WireItem[] = [];
    for (const watched of this.#watched.values()) {
      for (let item; (item = watched.feed.take()) !== undefined;) {
        const wire = skips(watched, item) ? undefined : wireItem(watched.pipeline.name, item);
        if (wire) items.push(wire);
      }
    }
    return items;
  }

  async #receive(data: unknown): Promise<void> {
    const message = readMessage(data);
    if (message === undefined) return this.#options.socket.close(1008, "not a message");
    if (message.type === "ack") {
      this.#acknowledged = Math.min(Math.max(this.#acknowledged, message.number), this.#sent);
      return;
    }
    if (message.type === "watch") {
      for (const [name, watching] of Object.entries(message.pipelines)) this.#watch(name, watching);
      return;
    }
    const watched = this.#watched.get(message.pipeline);
    if (watched === undefined) return;
    const { pipeline } = watched;
    let fault: string | undefined;
    if (message.type === "tune") fault = pipeline.tune(message.change);
    else if (message.type === "reset") pipeline.reset();
    else fault = await pipeline.save();
    if (fault === undefined) this.#options.changed(pipeline);
    else this.yaml(pipeline, fault);
  }

  #watch(name: string, watching: Watching): void {
    const watched = this.#watched.get(name);
    if (watched === undefined || watched.watching === watching) return;
    // What waits in the old feed comes first: no event is lost by watching more or less.
    this.#extra.push(...this.#newItems());
    watched.feed[Symbol.dispose]();
    watched.feed = new TelemetryFeed(watched.pipeline.telemetry, TOPICS[watching]);
    watched.watching = watching;
  }
}

/** Whether a preview leaves out a message: it shows few pictures. */
function skips(watched: Watched, item: FeedItem): boolean {
  if (watched.watching !== "preview" || item.topic !== "picture") return false;
  const seconds = item.message.ptsNs / 1e9;
  const distance = seconds - watched.lastPreviewS;
  if (distance >= 0 && distance < PREVIEW_SECONDS) return true;
  watched.lastPreviewS = seconds;
  return false;
}

function yamlItem(pipeline: ViewedPipeline, fault?: string): WireItem {
  return { pipeline: pipeline.name, topic: "yaml", message: { ...pipeline.yaml(), fault } };
}

function readMessage(data: unknown): z.infer<typeof messageSchema> | undefined {
  if (typeof data !== "string" || data.length > LONGEST_MESSAGE) return undefined;
  try {
    return messageSchema.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}
