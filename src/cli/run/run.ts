import { Command, Option } from "commander";
import { type Override, parseOverride } from "../../config/override.ts";
import { hostText, parseListenAddress } from "../../core/listen_address.ts";
import { stateFolder } from "../../core/state_folder.ts";
import { FOXGLOVE_PORT, type FoxgloveConfig } from "../../foxglove/foxglove_schema.ts";
import { durationOption, setOption } from "../options.ts";
import { foxgloveOption } from "../view/foxglove_options.ts";
import { viewOption } from "../view/view_options.ts";

interface RunCommandOptions {
  readonly set: Override[];
  readonly duration?: number;
  readonly tolerateDamage?: boolean;
  readonly state?: string;
  readonly view?: string | true;
  readonly edit?: boolean;
  readonly foxglove?: string | true;
  readonly watch?: boolean;
  readonly leastPermissions?: boolean;
}

const TOLERATE_DAMAGE = parseOverride("source.tolerate_damage=true");

/** `whence run`: runs pipelines until their sources end or a signal comes. */
export function runCommand(): Command {
  return new Command("run")
    .description("run pipelines; several files run side by side in one process")
    .argument("<file...>", "pipeline files")
    .addOption(setOption())
    .addOption(durationOption("--duration <time>", "stop after this time, such as 30s"))
    .option(
      "--state <folder>",
      "folder for events that wait for the broker (default: $STATE_DIRECTORY, else $XDG_STATE_HOME/whence)",
    )
    .option("--tolerate-damage", "warn about damaged recordings instead of failing")
    .option("--watch", "apply changes of the pipeline files while running; SIGHUP does so once")
    .option(
      "--least-permissions",
      "run with only the Deno permissions that check prints for these pipelines",
    )
    .addOption(new Option("--confined").hideHelp())
    .addOption(viewOption())
    .option("--edit", "let the live page write changed settings into the pipeline files")
    .addOption(foxgloveOption())
    .action(async (files: string[], options: RunCommandOptions) => {
      const { loadPipelines } = await import("../../pipeline/load.ts");
      const { runPipelines } = await import("./run_pipelines.ts");
      const { logOf } = await import("../../core/logger.ts");
      const { deliverySummary } = await import("../../publish/delivery_summary.ts");
      const tolerated = options.tolerateDamage ? [TOLERATE_DAMAGE] : [];
      const overrides = [...options.set, ...tolerated];
      const loaded = await loadPipelines(files, overrides);
      const state = options.state ?? stateFolder();
      const watch = options.watch ?? false;
      if (options.leastPermissions) {
        const { foxgloveConfig } = await import("../view/serve_foxglove.ts");
        const { runUnderLeastPermissions } = await import("./least_permissions.ts");
        await runUnderLeastPermissions(loaded, Deno.args, {
          stateFolder: state,
          watch,
          net: listenedOn(foxgloveConfig(loaded, options)),
        });
      }
      const { liveServers } = await import("../view/live_servers.ts");
      const attach = liveServers(loaded, options);
      await runPipelines(loaded, {
        ...options,
        reload: { overrides, watch },
        stateFolder: state,
        pictures: attach !== undefined,
        attach,
        ended: (name, pipeline) => logOf(name)("info", deliverySummary(pipeline.stats())),
      });
    });
}

/** The address of a Foxglove server, for its permission. */
function listenedOn(foxglove: FoxgloveConfig | undefined): string[] {
  const address = foxglove && parseListenAddress(foxglove.address, FOXGLOVE_PORT);
  return address ? [hostText(address)] : [];
}
