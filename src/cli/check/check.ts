import { Command } from "commander";
import type { Override } from "../../config/override.ts";
import { setOption } from "../options.ts";

/** `whence check`: validates pipeline files and shows what would run. */
export function checkCommand(): Command {
  return new Command("check")
    .description("validate pipeline files and show what would run")
    .argument("<file...>", "pipeline files")
    .addOption(setOption())
    .addHelpText(
      "after",
      "\nPrints one line per fault, FILE:LINE:COLUMN: MESSAGE; the exit code is then 2.",
    )
    .action(async (files: string[], { set }: { set: Override[] }) => {
      const { checkFiles } = await import("./check_files.ts");
      console.log(await checkFiles(files, set));
    });
}
