import { Buffer } from "node:buffer";

/** MQTT 5.0 or MQTT 3.1.1. */
export type ProtocolVersion = 5 | 4;

/** MQTT 5 properties of a message; left out on older connections. */
export interface MessageProperties {
  /** MIME type of the payload. */
  readonly contentType?: string;
  /** Time after which the broker no longer delivers it to a client that was away, s. */
  readonly messageExpiryInterval?: number;
  /** What a request asked to be repeated in its response. */
  readonly correlationData?: Uint8Array;
  readonly userProperties?: Readonly<Record<string, string>>;
}

/** Properties of a JSON message. */
export const JSON_PROPERTIES: MessageProperties = { contentType: "application/json" };

/** How a message is sent. */
export interface Delivery {
  readonly qos: 0 | 1;
  readonly retain?: boolean;
  readonly properties?: MessageProperties;
}

/** One message to publish. */
export interface PublishMessage extends Delivery {
  readonly topic: string;
  readonly payload: string | Uint8Array;
}

/** Bytes of a variable byte integer (MQTT 5.0 § 1.5.5). */
const lengthBytes = (value: number) =>
  value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4;

const textBytes = (text: string) => 2 + Buffer.byteLength(text);

function propertyBytes(properties: MessageProperties): number {
  const { contentType, messageExpiryInterval, correlationData, userProperties = {} } = properties;
  let bytes = contentType === undefined ? 0 : 1 + textBytes(contentType);
  if (messageExpiryInterval !== undefined) bytes += 5;
  if (correlationData !== undefined) bytes += 3 + correlationData.length;
  for (const [key, value] of Object.entries(userProperties)) {
    bytes += 1 + textBytes(key) + textBytes(value);
  }
  return bytes;
}

/** Size of a message as a PUBLISH packet in bytes (MQTT 5.0 § 3.3, MQTT 3.1.1 § 3.3). */
export function packetBytes(message: PublishMessage, version: ProtocolVersion): number {
  const { topic, payload, qos, properties = {} } = message;
  const propertiesLength = propertyBytes(properties);
  const remaining = textBytes(topic) + (qos === 0 ? 0 : 2) +
    (version === 5 ? lengthBytes(propertiesLength) + propertiesLength : 0) +
    (typeof payload === "string" ? Buffer.byteLength(payload) : payload.length);
  return 1 + lengthBytes(remaining) + remaining;
}
