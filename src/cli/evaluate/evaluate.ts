import { Command } from "commander";
import { countOption } from "../options.ts";
import { threadsOption } from "../runtime_options.ts";
import type { EvaluateOptions, EvaluationName } from "./evaluate_run.ts";

/** `whence evaluate`: measures a model on annotated data sets. */
export function evaluateCommand(): Command {
  const command = new Command("evaluate")
    .description("measure how well a model localizes sounds and words, on annotated data");
  for (const [name, description] of Object.entries(SETS)) {
    command.addCommand(setCommand(name as EvaluationName, description));
  }
  return command;
}

const SETS: Record<EvaluationName, string> = {
  scenes: "pointing, AP, IoU, false alarms, heads and retrieval on a folder with scenes.jsonl",
  retrieval: "recall at 1, 5 and 10 both ways, on scenes.jsonl, Places Audio or AudioSet",
  disentanglement: "how well the heads separate words from sounds, on the same folders",
  "ade20k-speech": "the paper's speech prompted segmentation",
  "ade20k-sound": "the paper's sound prompted segmentation",
};

function setCommand(name: EvaluationName, description: string): Command {
  const command = new Command(name)
    .description(description)
    .argument("<folder>", "folder of the data set")
    .option("--model <name>", "name of an installed model, or a path", "denseav-mini")
    .option("--json", "print figures as JSON")
    .addOption(
      countOption("--limit <n>", "use at most this many items, spread evenly over the set"),
    )
    .option("--resume <folder>", "folder for results of an interrupted run", ".cache/evaluate")
    .option("--providers <list>", "execution providers, most preferred first", "cpu")
    .addOption(threadsOption(1));
  if (name === "scenes") {
    command
      .option("--pictures <folder>", "write contact sheets to this folder")
      .addOption(countOption("--retrieval <n>", "most pairs that retrieval ranks").default(200));
  } else {
    command.option(
      "--normalize-audio",
      "normalize audio to zero mean and unit variance, as the original's validation does",
    );
  }
  return command.action(async (folder: string, options: EvaluateOptions) => {
    const { evaluate } = await import("./evaluate_run.ts");
    await evaluate(name, folder, options);
  });
}
