import assert from "node:assert/strict";
import { MessageTooLargeError } from "../../../src/publish/mqtt/mqtt_fault.ts";
import { MqttSession } from "../../../src/publish/mqtt/mqtt_session.ts";
import { packetBytes, type PublishMessage } from "../../../src/publish/mqtt/publish_message.ts";
import { Mosquitto } from "../../support/mosquitto.ts";

const message = (payload: string | Uint8Array, qos: 0 | 1 = 1): PublishMessage => ({
  topic: "whence/küche/picture",
  payload,
  qos,
  properties: { contentType: "image/jpeg", userProperties: { id: "1-a", größe: "ü" } },
});

Deno.test("packetBytes adds up a packet's parts (MQTT 5.0 § 3.3)", () => {
  // Fixed header 2, topic 2 + 21, packet identifier 2, property length 1, content type 3 + 10, user properties
  // 1 + 2 + 2 + 2 + 3 and 1 + 2 + 7 + 2 + 2.
  assert.equal(packetBytes(message("é"), 5), 2 + 23 + 2 + 1 + 13 + 10 + 14 + 2);
  assert.equal(packetBytes(message("é"), 4), 2 + 23 + 2 + 2);
  assert.equal(packetBytes(message("é", 0), 4), 2 + 23 + 2);
  const properties = { messageExpiryInterval: 60, correlationData: new Uint8Array(9) };
  const response = { topic: "t", payload: "", qos: 0, properties } as const;
  // Fixed header 2, topic 3, property length 1, message expiry 1 + 4, correlation data 1 + 2 + 9.
  assert.equal(packetBytes(response, 5), 2 + 3 + 1 + 5 + 12);
  for (const [length, header] of [[102, 2], [103, 3], [16_358, 3], [16_359, 4], [2_097_127, 5]]) {
    assert.equal(
      packetBytes(message(new Uint8Array(length)), 4),
      header + 25 + length,
      `${length}`,
    );
  }
});

Deno.test("a packet as large as the broker accepts arrives, one byte more is not sent", async () => {
  await using broker = await Mosquitto.start({ listener: ["max_packet_size 1000"] });
  const session = await MqttSession.open({
    url: broker.url,
    clientId: "size-test",
    credentials: {},
    onMessage: () => {},
    signal: AbortSignal.timeout(10_000),
  });
  const fits = 1000 - packetBytes(message(new Uint8Array(200)), 5) + 200;
  for (const qos of [0, 1] as const) {
    const room = qos === 0 ? fits + 2 : fits;
    await session.send(() => message(new Uint8Array(room), qos));
    await assert.rejects(
      session.send(() => message(new Uint8Array(room + 1), qos)),
      (error) =>
        error instanceof MessageTooLargeError &&
        error.message === "a message must have at most 1000 bytes, got 1001",
    );
  }
  // The broker would have closed the connection after a larger packet.
  await session.publish("t", "still connected", { qos: 1 });
  await session.close();
});
