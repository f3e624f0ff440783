import type { HeadKind } from "../../core/head_kind.ts";
import type { Log } from "../../core/log.ts";
import { within } from "../../core/within.ts";
import type { PipelineState } from "../../events/event.ts";
import type { HeardTelemetry } from "../filtered_telemetry.ts";
import { LineLimiter } from "../line_limiter.ts";
import { EventOutbox } from "../outbox/event_outbox.ts";
import { openOutboxFile } from "../outbox/outbox_file.ts";
import type { EventMessage, EventPicture, Sink, SinkCounters } from "../sink.ts";
import { BrokerConnection } from "./broker_connection.ts";
import { locateCredentials, readCredentials } from "./credentials.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { EventSender } from "./event_sender.ts";
import { HomeAssistantDevice } from "./home_assistant_device.ts";
import { LatestTopics } from "./latest_topics.ts";
import { shownUrl } from "./mqtt_fault.ts";
import type { MqttConfig } from "./mqtt_schema.ts";
import { pictureMessages } from "./picture_messages.ts";
import {
  JSON_PROPERTIES,
  type MessageProperties,
  type ProtocolVersion,
} from "./publish_message.ts";
import type { ResponseAddress } from "./mqtt_session.ts";
import { SetTopic } from "./set_topic.ts";
import { StateTopic } from "./state_topic.ts";
import { pipelineTopics } from "./topics.ts";

/** What an MQTT sink needs besides its part of the pipeline file. */
export interface MqttSinkOptions {
  readonly pipeline: string;
  /** Folder where relative file names start. */
  readonly folder: string;
  readonly log: Log;
  /** Gives the zones in use. */
  readonly telemetry?: HeardTelemetry;
  /** Whether the events have bearings. Default: no. */
  readonly bearings?: boolean;
  /** Called for each valid message on `P/NAME/set`. */
  readonly onSet?: (enabled: boolean) => void;
  /** Folder of this program's state, where events wait for the broker. Default: they wait in memory. */
  readonly stateFolder?: string;
  /** Default: as the configuration says. */
  readonly outbox?: EventOutbox;
  /** Pauses between connection attempts in milliseconds; the last one repeats. */
  readonly delaysMs?: readonly number[];
  /** How long `close` waits for the broker to take what is left, in milliseconds. */
  readonly drainMs?: number;
}

/** A picture whose event has yet to reach the broker. */
interface WaitingPicture {
  readonly picture: EventPicture;
  /** Key of the newest event in the outbox when the picture came: its own event, or a later one. */
  readonly after: number;
}

const DRAIN_MS = 3_000;
const DAY_S = 86_400;
/** Later stats follow after 10 s, s. */
const STATS_EXPIRY_S = 60;
/** aedes implements MQTT 3.1.1 only. */
const EMBEDDED_VERSIONS: readonly ProtocolVersion[] = [4];

/** Publishes one pipeline to an MQTT broker: events at least once and in order, everything else newest first. */
export class MqttSink implements Sink {
  readonly name = "mqtt";
  readonly #config: MqttConfig;
  readonly #options: MqttSinkOptions;
  readonly #topics: ReturnType<typeof pipelineTopics>;
  readonly #outbox: EventOutbox;
  readonly #events: EventSender;
  readonly #latest: LatestTopics;
  readonly #states: StateTopic;
  readonly #commands: SetTopic;
  readonly #intruders: LineLimiter;
  readonly #device: HomeAssistantDevice | undefined;
  readonly #undo: (() => void)[] = [];
  readonly #pictures = new Map<HeadKind, WaitingPicture>();
  #broker: EmbeddedBroker | undefined;
  #connection: BrokerConnection | undefined;
  #complaint: string | undefined;
  #accepted: number;
  #newestEvent = -1;
  /** Pictures that were never handed to `#latest`. */
  #lostPictures = 0;
  #url: string;

  constructor(config: MqttConfig, options: MqttSinkOptions) {
    const { log } = options;
    this.#config = config;
    this.#options = options;
    this.#url = config.url;
    this.#topics = pipelineTopics(config.prefix, options.pipeline);
    this.#outbox = options.outbox ?? outboxOf(config, options);
    this.#accepted = this.#outbox.size;
    this.#events = new EventSender({
      outbox: this.#outbox,
      qos: config.qos,
      properties: {
        ...JSON_PROPERTIES,
        messageExpiryInterval: Math.ceil(config.outbox.max_days * DAY_S),
      },
      log,
      onSettled: () => this.#sendPictures(),
    });
    this.#latest = new LatestTopics(log);
    if (config.home_assistant) {
      this.#device = new HomeAssistantDevice({
        prefix: config.prefix,
        pipeline: options.pipeline,
        pictures: config.picture,
        bearings: options.bearings ?? false,
        discoveryPrefix: config.discovery_prefix,
        retain: (topic, payload) => this.#retain(topic, payload),
      });
    }
    this.#states = new StateTopic({
      topic: this.#topics.state,
      pipeline: options.pipeline,
      log,
      retain: (payload) => this.#retain(this.#topics.state, payload, JSON_PROPERTIES),
      complaint: () => this.#outbox.complaint,
    });
    this.#commands = new SetTopic({
      topic: this.#topics.set,
      prefix: config.prefix,
      log,
      onSet: options.onSet,
      respond: (address, outcome) => this.#respond(address, outcome),
    });
    this.#intruders = new LineLimiter(log);
  }

  get takesPictures(): boolean {
    return this.#config.picture;
  }

  get capacity(): number {
    return this.#outbox.bound;
  }

  /** The broker's address; for an embedded one, after `open`, where clients find it. */
  get url(): string {
    return this.#url;
  }

  /**
   * Starts to connect, without waiting for the connection.
   *
   * @throws {Error} if the port of an embedded broker is taken, or a file with credentials can't be read.
   */
  async open(): Promise<void> {
    for (const { kind } of this.#outbox.interrupted) this.active(kind, false);
    try {
      if (this.#config.url.startsWith("embedded:")) await this.#startBroker();
      await this.#connect();
      this.#openDevice();
      await readCredentials(this.#credentialFiles);
    } catch (error) {
      this.#complaint = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  event(message: EventMessage): void {
    this.#accepted++;
    this.#newestEvent = this.#events.send(this.#topics.event, message);
    this.#states.refreshIfComplaintToggled();
  }

  /** A state's reason also says that events cannot be stored. */
  state(state: PipelineState): void {
    if (state.state === "running") this.#device?.complete();
    this.#states.set(state);
  }

  active(kind: HeadKind, on: boolean): void {
    this.#device?.addKind(kind);
    const topic = this.#topics.active(kind);
    const payload = on ? "ON" : "OFF";
    if (this.#latest.get(topic) !== payload) this.#retain(topic, payload);
  }

  stats(stats: object): void {
    this.#states.refresh();
    this.#latest.set({
      topic: this.#topics.stats,
      payload: JSON.stringify(stats),
      qos: 0,
      properties: { ...JSON_PROPERTIES, messageExpiryInterval: STATS_EXPIRY_S },
    });
  }

  picture(picture: EventPicture): void {
    if (!this.#config.picture) return;
    const { kind } = picture.event;
    if (this.#pictures.has(kind)) this.#lostPictures++;
    this.#pictures.set(kind, { picture, after: this.#newestEvent });
    this.#sendPictures();
  }

  counters(): SinkCounters {
    const events = this.#events.counters;
    return {
      accepted: this.#accepted,
      ...events,
      oversized: events.oversized + this.#latest.oversized,
      waiting: this.#outbox.size,
      stored: this.#outbox.size - this.#outbox.unstored,
      dropped: this.#outbox.dropped,
      replaced: this.#latest.replaced + this.#lostPictures,
      failures: this.#connection?.link.failures ?? 0,
    };
  }

  complaint(): string | undefined {
    if (this.#connection) this.#complaint = this.#connection.link.complaint;
    return this.#complaint;
  }

  async close(): Promise<void> {
    const { drainMs = DRAIN_MS, log } = this.#options;
    if (this.#connection) {
      if (!this.#connection.link.session) this.#connection.link.hurry();
      await within(drainMs, this.#drained());
      for (const undo of this.#undo.splice(0)) undo();
      this.complaint();
      await this.#connection.release();
    }
    this.#lostPictures += this.#pictures.size;
    this.#pictures.clear();
    const { size, unstored } = this.#outbox;
    if (size > 0) {
      const kept = size - unstored;
      const rest = kept === 0 ? "" : `; ${kept} are stored and are sent at the next start`;
      log("warning", `${size} event messages did not reach ${shownUrl(this.#url)}${rest}`);
    }
    this.#outbox.close();
    this.#commands.flush();
    this.#intruders.flush();
    await this.#broker?.release();
  }

  async #startBroker(): Promise<void> {
    const { prefix, url, username, max_clients: maxClients } = this.#config;
    const passwordFile = this.#credentialFiles.password_file;
    this.#broker = await EmbeddedBroker.acquire(url, { username, passwordFile, maxClients });
    this.#url = this.#broker.url;
    this.#undo.push(this.#broker.reserve(prefix, (line) => this.#intruders.warn(line)));
  }

  get #credentialFiles() {
    return locateCredentials(this.#config, this.#options.folder);
  }

  async #connect(): Promise<void> {
    const { prefix, client_id: clientId } = this.#config;
    const { pipeline, delaysMs, log } = this.#options;
    const connection = await BrokerConnection.acquire({
      url: this.#url,
      prefix,
      credentials: this.#credentialFiles,
      login: this.#broker?.login,
      clientId,
      pipeline,
      versions: this.#broker && EMBEDDED_VERSIONS,
      delaysMs,
    }, log);
    this.#connection = connection;
    this.#undo.push(
      connection.link.listen(this.#latest),
      connection.link.listen(this.#events),
      connection.link.subscribe(this.#topics.set, (_, payload, retained, response) => {
        this.#commands.take(payload, retained, response);
      }),
      connection.link.subscribe(this.#topics.state, (_, payload) => this.#states.compare(payload)),
    );
  }

  #openDevice(): void {
    const device = this.#device;
    if (device === undefined || this.#connection === undefined) return;
    device.open();
    const zones = this.#options.telemetry?.listen(["tuning"], ({ topic, message }) => {
      if (topic === "tuning") device.setZones(Object.keys(message.zones));
    });
    this.#undo.push(
      () => zones?.[Symbol.dispose](),
      this.#connection.link.subscribe(
        device.filter,
        (topic, payload) => device.found(topic, payload.length > 0),
      ),
    );
  }

  async #drained(): Promise<void> {
    await this.#events.idle;
    await this.#latest.idle;
  }

  /** Sends each picture whose event has left the outbox. */
  #sendPictures(): void {
    for (const [kind, { picture, after }] of this.#pictures) {
      if (this.#outbox.holds(after)) continue;
      this.#pictures.delete(kind);
      const [image, info] = pictureMessages(picture, this.#topics);
      this.#latest.set(image, info);
    }
  }

  #retain(topic: string, payload: string, properties?: MessageProperties): void {
    this.#latest.set({ topic, payload, qos: this.#config.qos, retain: true, properties });
  }

  #respond({ topic, correlationData }: ResponseAddress, outcome: object): void {
    const properties = { ...JSON_PROPERTIES, ...(correlationData && { correlationData }) };
    this.#connection?.link.session
      ?.publish(topic, JSON.stringify(outcome), { qos: 1, properties })
      .catch(() => {
        // The broker refuses it or the connection ended; the sender asks again.
      });
  }
}

function outboxOf(
  { url, prefix, outbox }: MqttConfig,
  { pipeline, stateFolder, log }: MqttSinkOptions,
): EventOutbox {
  const { max_messages: maxMessages, max_days: maxDays, sync } = outbox;
  if (stateFolder === undefined) return new EventOutbox({ log });
  const target = JSON.stringify([shownUrl(url), prefix]);
  const place = { folder: stateFolder, pipeline, target, sync };
  const openStore = () => openOutboxFile(place, log);
  return new EventOutbox({ maxMessages, maxDays, log, openStore });
}
