import { z } from "zod";
import { onceGood } from "../config/once_good.ts";
import { mqttSchema } from "./mqtt/mqtt_schema.ts";

/** Where events go; at least one sink. */
export const publishSchema = z.strictObject({
  mqtt: mqttSchema.optional(),
  jsonl: z.string().min(1).optional().describe("File that gets one event a line"),
}).refine((publish) => publish.mqtt !== undefined || publish.jsonl !== undefined, {
  message: "must have mqtt, jsonl or both",
  ...onceGood("mqtt", "jsonl"),
});
/** A checked `publish` block. */
export type PublishConfig = z.infer<typeof publishSchema>;
