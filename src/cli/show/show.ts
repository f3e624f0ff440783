import { Command } from "commander";
import { threadsOption } from "../runtime_options.ts";
import type { ShowOptions } from "./show_run.ts";

/** `whence show`: stores how a thing looks and what it is called in a bank, which pipelines use without training. */
export function showCommand(): Command {
  return new Command("show")
    .description("show a thing to the model: a few pictures of it, and its name or its sound")
    .argument("[name]", "name of the thing")
    .option("--bank <file>", "bank of things", "things.json")
    .option("--pictures <files...>", "pictures of the thing")
    .option("--box <x1,y1,x2,y2>", "where it is in the pictures, 0..1", "0.2,0.2,0.8,0.8")
    .option("--say <files...>", "recordings of its spoken name")
    .option("--sound <files...>", "recordings of its sound")
    .option("--list", "list the things in the bank")
    .option("--remove", "remove the thing from the bank")
    .option("--model <name>", "name of an installed model, or a path", "denseav-mini")
    .option("--providers <list>", "execution providers, most preferred first", "cpu")
    .addOption(threadsOption(1))
    .action(async (name: string | undefined, options: ShowOptions) => {
      const { show } = await import("./show_run.ts");
      await show(name, options);
    });
}
