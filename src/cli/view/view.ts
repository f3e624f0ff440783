import { Command, Option } from "commander";
import type { Override } from "../../config/override.ts";
import { setOption } from "../options.ts";
import { foxgloveOption } from "./foxglove_options.ts";
import { parseViewAddress } from "./view_options.ts";

interface ViewCommandOptions {
  readonly set: Override[];
  readonly address?: string;
  readonly edit?: boolean;
  readonly foxglove?: string | true;
  readonly open: boolean;
}

/** `whence view`: runs pipelines and shows them in the browser. */
export function viewCommand(): Command {
  return new Command("view")
    .description("run pipelines and show them live in the browser")
    .argument("<file...>", "pipeline files")
    .addOption(setOption())
    .addOption(
      new Option("--address <host:port>", "where the page is served (default: 127.0.0.1:8471)")
        .argParser(parseViewAddress),
    )
    .option("--edit", "let the page write changed settings into the pipeline files")
    .addOption(foxgloveOption())
    .option("--no-open", "print the link without opening a browser")
    .addHelpText(
      "after",
      "\nThe page keeps running after the sources end; press Ctrl-C to stop it.",
    )
    .action(async (files: string[], { set, address, ...options }: ViewCommandOptions) => {
      const { loadPipelines } = await import("../../pipeline/load.ts");
      const { viewPipelines } = await import("./view_pipelines.ts");
      await viewPipelines(await loadPipelines(files, set), { ...options, view: address ?? true });
    });
}
