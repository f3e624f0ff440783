import type { Override } from "../../config/override.ts";
import { counted } from "../../core/quantities.ts";
import { loadPipelines } from "../../pipeline/load.ts";
import { usedSinks } from "../../publish/make_sinks.ts";

/**
 * Removes what the sinks' targets keep of pipelines.
 *
 * @returns what was removed, for people.
 * @throws {ConfigError} with every fault of every file.
 * @throws {PublishError} in one line, if a target is unavailable.
 */
export async function forgetPipelines(
  files: readonly string[],
  overrides: readonly Override[],
): Promise<string> {
  const lines: string[] = [];
  for (const { config: { name, publish }, folder } of await loadPipelines(files, overrides)) {
    const former = lines.length;
    for (const { descriptor, config } of usedSinks(publish)) {
      if (descriptor.forget === undefined) continue;
      const removed = await descriptor.forget(config, { pipeline: name, folder });
      lines.push(
        `${name}: removed ${counted(removed.length, "message")} from ${descriptor.target(config)}`,
        ...removed.map((topic) => `  ${topic}`),
      );
    }
    if (lines.length === former) {
      lines.push(`${name}: nothing to remove: it publishes to no broker`);
    }
  }
  return lines.join("\n");
}
