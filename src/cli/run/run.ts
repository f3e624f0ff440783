import { Command } from "commander";
import type { Override } from "../../config/override.ts";
import { durationOption, setOption } from "../options.ts";

/** `whence run`: runs pipelines until their sources end or a signal comes. */
export function runCommand(): Command {
  return new Command("run")
    .description("run pipelines; several files run side by side in one process")
    .argument("<file...>", "pipeline files")
    .addOption(setOption())
    .addOption(durationOption("--duration <time>", "stop after this time, such as 30s"))
    .action(async (files: string[], options: { set: Override[]; duration?: number }) => {
      const { loadPipelines } = await import("../../pipeline/load.ts");
      const { runPipelines } = await import("./run_pipelines.ts");
      const { logOf } = await import("../../core/logger.ts");
      const { deliverySummary } = await import("../../publish/delivery_summary.ts");
      await runPipelines(await loadPipelines(files, options.set), {
        ...options,
        ended: (name, pipeline) => logOf(name)("info", deliverySummary(pipeline.stats())),
      });
    });
}
