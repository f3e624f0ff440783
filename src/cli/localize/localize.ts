import { Command, Option } from "commander";
import { PROFILE_NAMES } from "../../mcap/profile_names.ts";
import { setOption } from "../options.ts";
import type { LocalizeOptions } from "./localize_clips.ts";

/** `whence localize`: finds sounds and words in recordings. */
export function localizeCommand(): Command {
  return new Command("localize")
    .description("find sounds and words in recordings; makes overlay videos, events and a report")
    .argument("<clip...>", "media files with picture and sound")
    .option("-o, --output <folder>", "folder for the results", "localized")
    .option("--settings <file>", "pipeline file whose model, window, detect and camera are used")
    .addOption(setOption())
    .addOption(
      new Option(
        "--mcap [profile]",
        "write an MCAP file of each clip: foxglove (default), or ros2 for ros2 bag",
      ).choices(PROFILE_NAMES).preset("foxglove"),
    )
    .option("--feature-videos", "also make videos of attention, heads and image features")
    .option("--no-embed", "link the videos in report.html instead of embedding small ones")
    .action(async (clips: string[], options: LocalizeOptions) => {
      const { localizeClips } = await import("./localize_clips.ts");
      await localizeClips(clips, options);
    });
}
