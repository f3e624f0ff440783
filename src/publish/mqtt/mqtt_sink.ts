import type { MqttConfig } from "./mqtt_schema.ts";
import type { PipelineState, WhenceEvent } from "../../events/event.ts";
import { encodeEvent } from "../../events/event_json.ts";
import { BrokerConnection } from "./broker_connection.ts";
import { locateCredentials } from "./credentials.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { EventQueue } from "../event_queue.ts";
import { EventSender } from "./event_sender.ts";
import { LatestTopics } from "./latest_topics.ts";
import { shownUrl } from "./mqtt_fault.ts";
import type { ProtocolVersion } from "./mqtt_session.ts";
import type { Outbox } from "../outbox.ts";
import { parseSetCommand } from "./set_command.ts";
import type { Sink, SinkCounters } from "../sink.ts";
import type { Log } from "../../core/log.ts";
import type { HeadKind } from "../../core/head_kind.ts";
import { pipelineTopics } from "./topics.ts";
import { within } from "../../core/within.ts";

/** What an MQTT sink needs besides its part of the pipeline file. */
export interface MqttSinkOptions {
  readonly pipeline: string;
  /** Folder that relative file names start from. */
  readonly folder: string;
  readonly log: Log;
  /** Called for each valid message on `P/NAME/set`. */
  readonly onSet?: (enabled: boolean) => void;
  /** Default: an {@linkcode EventQueue} of 1,000 messages. */
  readonly outbox?: Outbox;
  /** Pauses between connection attempts in milliseconds; the last one repeats. */
  readonly delaysMs?: readonly number[];
  /** How long `close` waits for the broker to take what is left, in milliseconds. */
  readonly drainMs?: number;
}

const DRAIN_MS = 3_000;
/** aedes speaks MQTT 3.1.1 only. */
const EMBEDDED_VERSIONS: readonly ProtocolVersion[] = [4];

/** Publishes one pipeline to an MQTT broker: events at least once and in order, everything else newest first. */
export class MqttSink implements Sink {
  readonly name = "mqtt";
  readonly #config: MqttConfig;
  readonly #options: MqttSinkOptions;
  readonly #topics: ReturnType<typeof pipelineTopics>;
  readonly #outbox: Outbox;
  readonly #events: EventSender;
  readonly #latest = new LatestTopics();
  readonly #undo: (() => void)[] = [];
  #broker: EmbeddedBroker | undefined;
  #connection: BrokerConnection | undefined;
  #accepted = 0;
  #url: string;

  constructor(config: MqttConfig, options: MqttSinkOptions) {
    this.#config = config;
    this.#options = options;
    this.#url = config.url;
    this.#topics = pipelineTopics(config.prefix, options.pipeline);
    this.#outbox = options.outbox ?? new EventQueue();
    this.#events = new EventSender(this.#outbox, config.qos, options.log);
  }

  get wantsHeatmap(): boolean {
    return this.#config.heatmap;
  }

  /** The broker's address; of an embedded one, after `open`, where clients find it. */
  get url(): string {
    return this.#url;
  }

  /**
   * Begins to connect; does not wait for it.
   *
   * @throws {Error} when an embedded broker cannot have its port.
   */
  async open(): Promise<void> {
    const config = this.#config;
    const options = this.#options;
    if (config.url.startsWith("embedded:")) {
      this.#broker = await EmbeddedBroker.acquire(config.url);
      this.#url = this.#broker.url;
    }
    this.#connection = await BrokerConnection.acquire({
      url: this.#url,
      prefix: config.prefix,
      credentials: locateCredentials(config, options.folder),
      clientId: config.client_id,
      pipeline: options.pipeline,
      versions: this.#broker && EMBEDDED_VERSIONS,
      delaysMs: options.delaysMs,
    }, options.log);
    const { link } = this.#connection;
    this.#undo.push(
      link.listen(this.#latest),
      link.listen(this.#events),
      link.subscribe(this.#topics.set, (_, payload) => this.#obey(payload)),
    );
  }

  event(event: WhenceEvent): void {
    const payload = encodeEvent(event);
    this.#accepted++;
    this.#events.send(this.#topics.event, payload);
  }

  state(state: PipelineState): void {
    this.#retain(this.#topics.state, JSON.stringify(state));
  }

  active(kind: HeadKind, on: boolean): void {
    const topic = this.#topics.active(kind);
    const payload = on ? "ON" : "OFF";
    if (this.#latest.get(topic) !== payload) this.#retain(topic, payload);
  }

  stats(stats: object): void {
    this.#latest.set(this.#topics.stats, JSON.stringify(stats), { qos: 0, retain: false });
  }

  heatmap(kind: HeadKind, png: Uint8Array): void {
    if (!this.#config.heatmap) return;
    this.#latest.set(this.#topics.heatmap(kind), png, { qos: 0, retain: false });
  }

  counters(): SinkCounters {
    return {
      accepted: this.#accepted,
      ...this.#events.counters,
      waiting: this.#outbox.size,
      dropped: this.#outbox.dropped,
      replaced: this.#latest.replaced,
      failures: this.#connection?.link.failures ?? 0,
    };
  }

  async close(): Promise<void> {
    const { drainMs = DRAIN_MS, log } = this.#options;
    if (this.#connection) {
      if (!this.#connection.link.session) this.#connection.link.hurry();
      await within(drainMs, this.#drained());
      for (const undo of this.#undo.splice(0)) undo();
      await this.#connection.release();
    }
    const left = this.#outbox.size;
    if (left > 0) log("warning", `${left} events did not reach ${shownUrl(this.#url)}`);
    this.#outbox.close();
    await this.#broker?.release();
  }

  async #drained(): Promise<void> {
    await this.#events.idle;
    await this.#latest.idle;
  }

  #retain(topic: string, payload: string): void {
    this.#latest.set(topic, payload, { qos: this.#config.qos, retain: true });
  }

  #obey(payload: Uint8Array): void {
    const { log, onSet } = this.#options;
    try {
      const enabled = parseSetCommand(payload);
      onSet?.(enabled);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log("warning", `Cannot obey ${this.#topics.set}: ${reason}`);
    }
  }
}
