import type { FoxgloveServer } from "@foxglove/ws-protocol";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Topic } from "../telemetry/topics.ts";
import { type ChannelName, CHANNELS, channelsOf, LASTING, MADE_FROM } from "./channels.ts";
import { FoxgloveEncoder, type FoxgloveMessage } from "./foxglove_encoder.ts";

/** Listened to without subscribers, too: they are rare, and new subscribers need them. */
const ALWAYS: readonly Topic[] = ["description", "state"];

/** The channels of one pipeline on a live server. What they are made from is listened to while they have a subscriber. */
export class LiveChannels implements Disposable {
  readonly #server: FoxgloveServer;
  readonly #telemetry: Telemetry;
  readonly #encoder: FoxgloveEncoder;
  readonly #ids: Readonly<Record<ChannelName, number>>;
  readonly #names: ReadonlyMap<number, ChannelName>;
  readonly #subscribed = new Set<ChannelName>();
  readonly #lasting = new Map<ChannelName, FoxgloveMessage>();
  #topics: ReadonlySet<Topic> = new Set();
  #listening: Disposable | undefined;

  constructor(server: FoxgloveServer, pipeline: string, telemetry: Telemetry) {
    this.#server = server;
    this.#telemetry = telemetry;
    this.#encoder = new FoxgloveEncoder(pipeline);
    const channels = channelsOf(pipeline);
    const ids = CHANNELS.map((name) =>
      [
        name,
        server.addChannel({ ...channels[name], encoding: "json", schemaEncoding: "jsonschema" }),
      ] as const
    );
    this.#ids = Object.fromEntries(ids) as Record<ChannelName, number>;
    this.#names = new Map(ids.map(([name, id]) => [id, name]));
    server.on("subscribe", (id) => this.#change(id, (name) => this.#subscribed.add(name)));
    server.on("unsubscribe", (id) => this.#change(id, (name) => this.#subscribed.delete(name)));
    this.#listen();
  }

  /** Sends what new subscribers need to understand the rest. */
  refresh(): void {
    for (const message of this.#lasting.values()) this.#send(message);
  }

  [Symbol.dispose](): void {
    this.#listening?.[Symbol.dispose]();
  }

  #change(id: number, change: (name: ChannelName) => void): void {
    const name = this.#names.get(id);
    if (name === undefined) return;
    change(name);
    this.#listen();
  }

  #listen(): void {
    const wanted = [...this.#subscribed].flatMap((name) => MADE_FROM[name]);
    const topics = new Set([...ALWAYS, ...wanted]);
    if (topics.size === this.#topics.size && topics.isSubsetOf(this.#topics)) return;
    this.#topics = topics;
    const old = this.#listening;
    this.#listening = this.#telemetry.listen([...topics], (told) => {
      for (const message of this.#encoder.encode(told)) {
        if (LASTING.includes(message.channel)) this.#lasting.set(message.channel, message);
        this.#send(message);
      }
    });
    old?.[Symbol.dispose]();
  }

  #send({ channel, epochNs, data }: FoxgloveMessage): void {
    if (this.#subscribed.has(channel)) {
      this.#server.sendMessage(this.#ids[channel], epochNs, data);
    }
  }
}
