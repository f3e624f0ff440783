import { z } from "zod";
import { pipelineJsonSchema } from "../config/json_schema.ts";
import { eventSchema } from "../events/event.ts";

/** The published schemas: file name → text. */
export function jsonSchemas(): Record<string, string> {
  const event = { ...z.toJSONSchema(eventSchema), title: "Whence event" };
  return {
    "pipeline.schema.json": `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`,
    "event.schema.json": `${JSON.stringify(event, null, 2)}\n`,
  };
}
