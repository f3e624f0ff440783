import { mqttSchema } from "../../src/publish/mqtt/mqtt_schema.ts";
import { MqttSink, type MqttSinkOptions } from "../../src/publish/mqtt/mqtt_sink.ts";
import type { Log } from "../../src/core/log.ts";

/** A log that collects its lines. */
export function keepLog(): { readonly lines: string[]; readonly log: Log } {
  const lines: string[] = [];
  return { lines, log: (level, line) => lines.push(`${level}: ${line}`) };
}

/** An opened sink of the pipeline `front`, for an `mqtt` block as in a pipeline file; it reconnects quickly. */
export async function openSink(
  block: Record<string, unknown>,
  options: Partial<MqttSinkOptions> = {},
): Promise<MqttSink> {
  const sink = new MqttSink(mqttSchema.parse(block), {
    pipeline: "front",
    folder: Deno.cwd(),
    log: () => {},
    delaysMs: [20, 50],
    ...options,
  });
  try {
    await sink.open();
  } catch (error) {
    await sink.close();
    throw error;
  }
  return sink;
}
