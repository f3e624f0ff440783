import { Command } from "commander";
import { durationOption } from "../options.ts";
import { threadsOption } from "../runtime_options.ts";
import type { ShowOptions } from "./show_run.ts";

/** `whence show`: stores how a thing looks and what it is called in a bank, which pipelines use without training. */
export function showCommand(): Command {
  return new Command("show")
    .description(
      "show a thing to the model: a camera's view or pictures of it, and its name or its sound",
    )
    .argument("[name]", "name of the thing")
    .option("--bank <file>", "bank of things", "things.json")
    .option("--source <uri>", "camera or clip with the thing in view, as in a pipeline's source")
    .option("--audio <uri>", "microphone, if the source has no sound")
    .addOption(
      durationOption("--start <duration>", "skip the beginning of the source").default(0, "0s"),
    )
    .addOption(
      durationOption("--for <duration>", "how long the source is watched").default(3, "3s"),
    )
    .option("--pictures <files...>", "pictures of the thing")
    .option("--box <x1,y1,x2,y2>", "where it is in the pictures, 0..1", "0.2,0.2,0.8,0.8")
    .option(
      "--say [files...]",
      "recordings of its spoken name; without files, it is spoken while the source is watched",
    )
    .option(
      "--sound [files...]",
      "recordings of its sound; without files, it is heard while the source is watched",
    )
    .option("--list", "list the things in the bank, and the recordings of whence label")
    .option("--remove", "remove how the thing looks from the bank; recordings of whence label stay")
    .option("--export <file>", "write the thing, or the whole bank, into another bank file")
    .option("--import <file>", "add the things of another bank file")
    .option("--model <name>", "name of an installed model, or a path", "denseav-mini")
    .option("--providers <list>", "execution providers, most preferred first", "cpu")
    .addOption(threadsOption(1))
    .action(async (name: string | undefined, options: ShowOptions) => {
      const { show } = await import("./show_run.ts");
      await show(name, options);
    });
}
