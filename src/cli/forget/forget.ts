import { Command } from "commander";
import type { Override } from "../../config/override.ts";
import { setOption } from "../options.ts";

/** `whence forget`: removes what a broker keeps of pipelines. */
export function forgetCommand(): Command {
  return new Command("forget")
    .description("remove what the broker keeps of pipelines that are no longer used")
    .argument("<file...>", "pipeline files")
    .addOption(setOption())
    .addHelpText(
      "after",
      "\nRemoves the retained messages of each pipeline: state, activity, and its device in Home Assistant." +
        "\nStop the pipelines first: one that runs publishes them again.",
    )
    .action(async (files: string[], { set }: { set: Override[] }) => {
      const { forgetPipelines } = await import("./forget_pipelines.ts");
      console.log(await forgetPipelines(files, set));
    });
}
