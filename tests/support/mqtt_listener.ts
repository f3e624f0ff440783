import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { eventually } from "./eventually.ts";

/** A message that a {@linkcode MqttListener} received. */
export interface Heard {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly text: string;
  readonly retain: boolean;
  readonly qos: number;
  /** MQTT 5 properties. */
  readonly properties?: IPublishPacket["properties"];
}

/** An ordinary MQTT client, as a user's program would be; it keeps all messages. */
export class MqttListener implements AsyncDisposable {
  readonly heard: Heard[] = [];
  readonly client: MqttClient;

  private constructor(client: MqttClient) {
    this.client = client;
    client.on("error", () => {});
    client.on("message", (topic, payload, { retain, qos, properties }) => {
      this.heard.push({ topic, payload, text: payload.toString(), retain, qos, properties });
    });
  }

  static async connect(
    url: string,
    filter: string,
    options: IClientOptions = {},
  ): Promise<MqttListener> {
    const client = mqtt.connect(url, { reconnectPeriod: 50, timerVariant: "native", ...options });
    const listener = new MqttListener(client);
    await client.subscribeAsync(filter, { qos: 1 });
    return listener;
  }

  /** Payloads of one topic as text, in order. */
  on(topic: string): string[] {
    return this.heard.filter((message) => message.topic === topic).map(({ text }) => text);
  }

  /** Waits for a payload on a topic. */
  async until(topic: string, text: string): Promise<void> {
    await eventually(`${topic} says ${text}`, () => this.on(topic).includes(text));
  }

  async say(topic: string, payload: string): Promise<void> {
    await this.client.publishAsync(topic, payload, { qos: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.endAsync(true);
  }
}
