import type { EventPicture } from "../sink.ts";
import type { PublishMessage } from "./publish_message.ts";
import type { pipelineTopics } from "./topics.ts";

/**
 * The messages that deliver a picture: its bytes, with id and time of the event as MQTT 5 user properties; and JSON with the
 * same, for MQTT 3.1.1.
 */
export function pictureMessages(
  { event, data, contentType, width, height }: EventPicture,
  topics: ReturnType<typeof pipelineTopics>,
): [image: PublishMessage, info: PublishMessage] {
  const { id, type, seq, kind, header: { stamp } } = event;
  const time = `${stamp.sec}.${String(stamp.nanosec).padStart(9, "0")}`;
  return [
    {
      topic: topics.picture(kind),
      payload: data,
      qos: 0,
      properties: { contentType, userProperties: { id, type, seq: String(seq), time } },
    },
    {
      topic: topics.pictureInfo(kind),
      payload: JSON.stringify({
        id,
        type,
        seq,
        stamp,
        content_type: contentType,
        width,
        height,
        bytes: data.length,
      }),
      qos: 0,
      properties: { contentType: "application/json" },
    },
  ];
}
