import { Command } from "commander";
import type { Override } from "../../config/override.ts";
import { setOption } from "../options.ts";

interface CheckOptions {
  readonly set: Override[];
  readonly placement?: boolean;
}

/** `whence check`: validates pipeline files and shows what would run. */
export function checkCommand(): Command {
  return new Command("check")
    .description("validate pipeline files and show what would run")
    .argument("<file...>", "pipeline files")
    .addOption(setOption())
    .option(
      "--placement",
      "load the model and measure what each execution provider computes; TensorRT's engines are built if they are missing",
    )
    .addHelpText(
      "after",
      "\nPrints one line per fault, FILE:LINE:COLUMN: MESSAGE; the exit code is then 2.",
    )
    .action(async (files: string[], { set, placement }: CheckOptions) => {
      const { checkFiles } = await import("./check_files.ts");
      console.log(await checkFiles(files, set, placement ? "measured" : "known"));
    });
}
