import { Command } from "commander";
import { countOption } from "../options.ts";
import { threadsOption } from "../runtime_options.ts";
import type { LearnOptions } from "./learn_run.ts";

/** `whence learn`: adapts a model to recordings of one place. */
export function learnCommand(): Command {
  return new Command("learn")
    .description(
      "adapt a model to what a robot recorded; measures it on recordings that are held out",
    )
    .argument("[recordings]", "folder of recordings with picture and sound, such as record: makes")
    .option("--from <model>", "model to begin with", "denseav-mini")
    .option("--out <folder>", "folder of the new model; its name is the model's")
    .option("--work <folder>", "folder of intermediate results; default: OUT.work")
    .addOption(countOption("--steps <n>", "steps of training").default(200))
    .option("--providers <list>", "execution providers, most preferred first", "cpu")
    .addOption(threadsOption())
    .option("--setup", "install what training needs: Python with PyTorch")
    .action(async (recordings: string | undefined, options: LearnOptions) => {
      const { learn } = await import("./learn_run.ts");
      await learn(recordings, options);
    });
}
