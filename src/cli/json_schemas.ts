import { z } from "zod";
import { configJsonSchema } from "../config/json_schema.ts";
import { eventSchema } from "../events/event.ts";
import { pipelineSchema } from "../pipeline/schema.ts";

/** The published schemas: file name → text. */
export function jsonSchemas(): Record<string, string> {
  const event = { ...z.toJSONSchema(eventSchema), title: "Whence event" };
  const pipeline = configJsonSchema(pipelineSchema, "Whence pipeline");
  return {
    "pipeline.schema.json": `${JSON.stringify(pipeline, null, 2)}\n`,
    "event.schema.json": `${JSON.stringify(event, null, 2)}\n`,
  };
}
