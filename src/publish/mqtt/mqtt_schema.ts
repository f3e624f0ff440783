import { z } from "zod";
import { onceGood } from "../../config/once_good.ts";
import { embeddedAddress, isOpenToNetwork } from "./embedded_address.ts";
import { outboxSchema } from "../outbox/outbox_schema.ts";

const topicSchema = z.string().regex(
  /^[^+#\s/][^+#\s]*[^+#\s/]$|^[^+#\s/]$/,
  "must be a topic without + # or outer /",
);

/** The MQTT broker and how to connect to it. */
export const mqttSchema = z.strictObject({
  url: z.string().regex(
    /^(mqtts?|wss?):\/\/\S+$|^embedded:[\w.:[\]-]*$/,
    "must be mqtt://HOST[:PORT], mqtts://…, ws://…, wss://…, or embedded:[HOST:][PORT]",
  ).refine((url) => url.startsWith("embedded:") ? embeddedAddress(url) : URL.canParse(url), {
    message: "must have a host, and a port up to 65535",
    when: ({ issues }) => issues.length === 0,
  }).default("mqtt://localhost:1883").describe(
    "Address of the broker; embedded: starts one in this process, for this machine only unless HOST is another address",
  ),
  prefix: topicSchema.default("whence").describe("First part of all topics"),
  qos: z.union([z.literal(0), z.literal(1)]).default(1).describe(
    "Quality of service of events and states: 1 is acknowledged and sent again, 0 is not",
  ),
  client_id: z.string().min(1).max(128).optional().describe(
    "MQTT client ID. If several pipelines of a process set the same ID, all but the first append their name. " +
      "Default: whence-NAME-random",
  ),
  max_clients: z.int().min(1).max(1000).default(100).describe(
    "Clients that may be connected to an embedded broker at the same time",
  ),
  username: z.string().min(1).optional().describe(
    "User name at the broker; of an embedded one, the name that all clients must use",
  ),
  password_file: z.string().min(1).optional().describe("File whose first line is the password"),
  ca: z.string().min(1).optional().describe("PEM file of the certificate authority"),
  cert: z.string().min(1).optional().describe("PEM file of the client's certificate"),
  key: z.string().min(1).optional().describe("PEM file of the client's key"),
  outbox: outboxSchema.prefault({}).describe("How events wait for the broker"),
  picture: z.boolean().default(false).describe(
    "Publish a JPEG of each event: the camera picture with outline of the heat map, box, peak and label",
  ),
  home_assistant: z.boolean().default(false).describe(
    "Announce the pipeline to Home Assistant as a device (MQTT discovery)",
  ),
  discovery_prefix: topicSchema.default("homeassistant").describe(
    "First part of the topics where Home Assistant looks for devices",
  ),
}).superRefine((mqtt, context) => {
  if ((mqtt.cert === undefined) !== (mqtt.key === undefined)) {
    context.addIssue({ code: "custom", message: "must have both cert and key, or neither" });
  }
}, onceGood("cert", "key")).refine(
  ({ url, username, password_file }) =>
    !isOpenToNetwork(url) || username !== undefined && password_file !== undefined,
  {
    path: ["url"],
    message: "must be embedded:[PORT] unless both username and password_file are set",
    ...onceGood("url", "username", "password_file"),
  },
).refine(
  ({ url, ca, cert }) => /^(mqtts|wss):/.test(url) || (ca === undefined && cert === undefined),
  {
    path: ["url"],
    message: "must be mqtts://… or wss://… where a certificate is named",
    ...onceGood("url", "ca", "cert"),
  },
);
/** A checked `publish.mqtt` block. */
export type MqttConfig = z.infer<typeof mqttSchema>;
