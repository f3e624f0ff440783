import { brokerAddresses } from "../mqtt/broker_addresses.ts";
import { forgetPipeline } from "../mqtt/forget_pipeline.ts";
import { mqttSchema } from "../mqtt/mqtt_schema.ts";
import { MqttSink } from "../mqtt/mqtt_sink.ts";
import { probeBroker } from "../mqtt/probe_broker.ts";
import type { SinkDescriptor } from "../sink_descriptor.ts";

/** An MQTT broker, or one that Whence starts itself. */
export const mqttSink: SinkDescriptor<"mqtt", typeof mqttSchema> = {
  key: "mqtt",
  schema: mqttSchema,
  help: "MQTT broker to publish events, states and pictures to",
  area: "Broker",
  fileKeys: ["password_file", "ca", "cert", "key"],
  standard: {},
  cameraPictures: ({ picture }) => picture,
  reach: ({ url }) => ({ net: brokerAddresses(url) }),
  make: (config, context) => new MqttSink(config, context),
  target: ({ url }) => url,
  describe: ({ url, prefix, qos }, { pipeline }) =>
    `${url} under ${prefix}/${pipeline}, QoS ${qos}`,
  forget: forgetPipeline,
  probe: probeBroker,
};
