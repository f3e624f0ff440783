import { Command } from "commander";
import { countOption } from "../options.ts";
import { threadsOption } from "../runtime_options.ts";
import type { EvaluateOptions, EvaluationName } from "./evaluate_run.ts";

/** `whence evaluate`: how well a model finds what sounds, on data sets with truth. */
export function evaluateCommand(): Command {
  const command = new Command("evaluate")
    .description("measure how well a model finds what sounds, on data with truth");
  for (const [name, description] of Object.entries(SETS)) {
    command.addCommand(setCommand(name as EvaluationName, description));
  }
  return command;
}

const SETS: Record<EvaluationName, string> = {
  scenes: "pointing, AP, IoU, false alarms, heads and retrieval on a folder with scenes.jsonl",
  retrieval: "recall at 1, 5 and 10 both ways, on scenes.jsonl, Places Audio or AudioSet",
  disentanglement: "how far the heads divide words from sounds, on the same folders",
  "ade20k-speech": "the paper's speech prompted segmentation",
  "ade20k-sound": "the paper's sound prompted segmentation",
};

function setCommand(name: EvaluationName, description: string): Command {
  const command = new Command(name)
    .description(description)
    .argument("<folder>", "where the data lies")
    .option("--model <name>", "a folder of models, or a path", "denseav-mini")
    .option("--json", "print figures as JSON")
    .addOption(countOption("--limit <n>", "take this many items, spread evenly over the set"))
    .option("--resume <folder>", "where a run that was cut off left its results", ".cache/evaluate")
    .option("--providers <list>", "execution providers, most preferred first", "cpu")
    .addOption(threadsOption(1));
  if (name === "scenes") {
    command
      .option("--pictures <folder>", "draw contact sheets there")
      .addOption(countOption("--retrieval <n>", "most pairs that retrieval ranks").default(200));
  } else {
    command.option(
      "--normalise-audio",
      "zero mean, unit variance, as the original's validation fed imported DenseAV models",
    );
  }
  return command.action(async (folder: string, options: EvaluateOptions) => {
    const { evaluate } = await import("./evaluate_run.ts");
    await evaluate(name, folder, options);
  });
}
