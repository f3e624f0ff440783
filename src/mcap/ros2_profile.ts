import { parse } from "@foxglove/rosmsg";
import { MessageWriter } from "@foxglove/rosmsg2-serialization";
import type { WhenceEvent } from "../events/event.ts";
import { FoxgloveEncoder } from "../foxglove/foxglove_encoder.ts";
import { jpegSize } from "../foxglove/jpeg_size.ts";
import type { Description, TelemetryMessage } from "../telemetry/topics.ts";
import type { McapEncoder, McapMessage, McapProfile } from "./mcap_profile.ts";
import { ROS2_SCHEMAS, type Ros2Type } from "./ros2_schemas.ts";

/** Channels with JSON in a `std_msgs/msg/String`. */
const JSON_CHANNELS = ["event", "scores", "near_miss", "state"];

const TYPES: Readonly<Record<string, Ros2Type>> = {
  "picture/compressed": "sensor_msgs/msg/CompressedImage",
  detections: "vision_msgs/msg/Detection2DArray",
  ...Object.fromEntries(JSON_CHANNELS.map((name) => [name, "std_msgs/msg/String"])),
};

/** Not a part of the message: a pose is unknown. */
const NO_POSE = {
  pose: { position: { x: 0, y: 0, z: 0 }, orientation: { x: 0, y: 0, z: 0, w: 1 } },
  covariance: new Array(36).fill(0),
};
const text = new TextDecoder();
const bytes = new TextEncoder();

/**
 * Text for `@foxglove/cdr` 3.5, which reserves as many bytes as a string has UTF-16 units: padded, so that its UTF-8 bytes fit. The
 * padding is not written.
 */
function cdrText(value: string): string {
  return value.padEnd(bytes.encode(value).length);
}

/** CDR with messages of ROS 2, for `ros2 bag`. */
export const ros2Profile: McapProfile = {
  header: "ros2",
  topics: ["description", "state", "picture", "step", "event", "near_miss"],
  lasting: ["state"],
  channels: (pipeline) =>
    Object.fromEntries(
      Object.entries(TYPES).map(([name, schemaName]) => [name, {
        // Names in ROS have no hyphens.
        topic: `/${pipeline.replaceAll("-", "_")}/${name}`,
        schemaName,
        schema: ROS2_SCHEMAS[schemaName],
        schemaEncoding: "ros2msg",
        messageEncoding: "cdr",
      }]),
    ),
  encoder: (pipeline) => new Ros2Encoder(pipeline),
};

class Ros2Encoder implements McapEncoder {
  readonly #json: FoxgloveEncoder;
  readonly #writers = new Map<Ros2Type, MessageWriter>();
  /** The newest message of each event that lasts. */
  readonly #active = new Map<string, WhenceEvent>();
  #description: Description | undefined;
  #picture: { readonly width: number; readonly height: number } | undefined;

  constructor(pipeline: string) {
    this.#json = new FoxgloveEncoder(pipeline);
  }

  encode(told: TelemetryMessage): McapMessage[] {
    switch (told.topic) {
      case "description":
        this.#description = told.message;
        break;
      case "picture": {
        const { epochNs, jpeg } = told.message;
        this.#picture = jpegSize(jpeg) ?? this.#picture;
        const header = this.#header(epochNs);
        return [this.#message("picture/compressed", epochNs, {
          header,
          format: "jpeg",
          data: jpeg,
        })];
      }
    }
    const messages = this.#json.encode(told)
      .filter(({ channel }) => JSON_CHANNELS.includes(channel))
      .map(({ channel, epochNs, data }) =>
        this.#message(channel, epochNs, { data: cdrText(text.decode(data)) })
      );
    if (told.topic === "event") messages.push(this.#detections(told.message));
    return messages;
  }

  /** All located events that last, in pixels of the picture. */
  #detections({ event, epochNs }: { readonly event: WhenceEvent; readonly epochNs: bigint }) {
    if (event.type === "end") this.#active.delete(event.id);
    else this.#active.set(event.id, event);
    const header = this.#header(epochNs);
    const { sourceWidth, sourceHeight } = this.#description!.fit;
    const { width, height } = this.#picture ?? { width: sourceWidth, height: sourceHeight };
    const detections = [...this.#active.values()].flatMap(({ id, box, kind, labels, score }) => {
      if (box === undefined) return [];
      const [x1, y1, x2, y2] = box;
      const names = labels.length > 0 ? labels : [{ name: kind, score }];
      return [{
        header,
        results: names.map(({ name, score }) => ({
          hypothesis: { class_id: cdrText(name), score },
          pose: NO_POSE,
        })),
        bbox: {
          center: { position: { x: (x1 + x2) / 2 * width, y: (y1 + y2) / 2 * height }, theta: 0 },
          size_x: (x2 - x1) * width,
          size_y: (y2 - y1) * height,
        },
        id,
      }];
    });
    return this.#message("detections", epochNs, { header, detections });
  }

  #header(epochNs: bigint) {
    const stamp = {
      sec: Number(epochNs / 1_000_000_000n),
      nanosec: Number(epochNs % 1_000_000_000n),
    };
    return { stamp, frame_id: `${this.#description?.frameId ?? "camera"}_optical` };
  }

  #message(channel: string, epochNs: bigint, value: unknown): McapMessage {
    const type = TYPES[channel];
    let writer = this.#writers.get(type);
    if (writer === undefined) {
      writer = new MessageWriter(parse(ROS2_SCHEMAS[type], { ros2: true }));
      this.#writers.set(type, writer);
    }
    return { channel, epochNs, data: new Uint8Array(writer.writeMessage(value)) };
  }
}
