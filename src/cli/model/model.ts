import { Command, InvalidArgumentError, Option } from "commander";
import { type HeadKind, headKindSchema } from "../../core/head_kind.ts";
import type { BuildCommandOptions } from "./model_build.ts";
import type { CalibrateCommandOptions } from "./model_calibrate.ts";
import type { ExportCommandOptions } from "./model_export_repository.ts";
import type { ImportCommandOptions } from "./model_import.ts";
import type { PullCommandOptions } from "./model_pull.ts";
import { countOption, durationOption } from "../options.ts";
import { threadsOption } from "../runtime_options.ts";

/** `whence model`: download, import, show, build, calibrate, export and remove models. */
export function modelCommand(): Command {
  return new Command("model")
    .description("download, import, show, build, calibrate, export and remove models")
    .addCommand(pullCommand())
    .addCommand(importCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(buildCommand())
    .addCommand(calibrateCommand())
    .addCommand(exportCommand())
    .addCommand(removeCommand());
}

function pullCommand(): Command {
  const command = new Command("pull")
    .description("download a published DenseAV model from the hub and import it")
    .argument("<model>", "hf:ORG/NAME or hf:ORG/NAME@REVISION")
    .option("--keep", "keep the downloaded files after the import")
    .addHelpText(
      "after",
      "\nHF_TOKEN: access token for private and gated models. HF_ENDPOINT: address of another hub.",
    );
  return importOptions(command).action(async (reference: string, options: PullCommandOptions) => {
    const { pullModel } = await import("./model_pull.ts");
    await pullModel(reference, options);
  });
}

function importCommand(): Command {
  const command = new Command("import")
    .description("turn a folder with config.json and model.safetensors into a model")
    .argument("<folder>", "folder of the weights");
  return importOptions(command).action(async (folder: string, options: ImportCommandOptions) => {
    const { importFolder } = await import("./model_import.ts");
    await importFolder(folder, options);
  });
}

function importOptions(command: Command): Command {
  return command
    .option("--name <name>", "name of the model (default: the repository's or folder's)")
    .addOption(outOption())
    .addOption(
      new Option("--image-size <WxH>", "input size of the model in pixels")
        .default({ width: 224, height: 224 }, "224x224").argParser(parseSize),
    )
    .addOption(
      new Option("--precision <p>", "fp32; fp16 for GPUs; int8 for CPU boards")
        .choices(["fp32", "fp16", "int8"]).default("fp32"),
    )
    .addOption(
      durationOption(
        "--window <duration>",
        "audio window of a --static model and of the self-check",
      )
        .default(2, "2s"),
    )
    .option("--static", "fix the batch to 1 and the audio to --window (best for TensorRT)")
    .addOption(
      new Option("--heads <kinds>", "kinds of the heads, such as speech,sound")
        .argParser(parseHeads),
    )
    .option(
      "--normalize-audio",
      "normalize each window to zero mean and unit variance, as in training",
    )
    .option("--ignore-unexpected", "ignore unknown tensors in the weights")
    .option("--replace", "replace an existing model of that name")
    .option("--license <text>", "license to state (default: from the model card)")
    .addOption(threadsOption());
}

function listCommand(): Command {
  return new Command("list")
    .description("list the available models")
    .addOption(outOption())
    .action(async ({ out }: { out?: string }) => {
      const { listText } = await import("./model_list.ts");
      console.log(await listText(out));
    });
}

function showCommand(): Command {
  return new Command("show")
    .description("show inputs, outputs, size, operations, license and calibration of a model")
    .argument("<name>", "name of a model in the models folder, or a path")
    .addOption(outOption())
    .action(async (name: string, { out }: { out?: string }) => {
      const { showText } = await import("./model_show.ts");
      console.log(await showText(name, out));
    });
}

function buildCommand(): Command {
  return new Command("build")
    .description("build a model's TensorRT engines now, and show what runs on which provider")
    .argument("<name>", "name of a model in the models folder, or a path")
    .option("--for <file>", "pipeline file whose runtime and window are used")
    .addOption(outOption())
    .option("--library <name>", "runtime.library to build for (default: auto)")
    .option("--providers <list>", "execution providers, most preferred first (default: all)")
    .addOption(durationOption("--window <duration>", "audio window to build for (default: 2s)"))
    .addOption(threadsOption(2))
    .addHelpText(
      "after",
      "\nOn providers that compile nothing, such as cpu, it only shows where the time goes.",
    )
    .action(async (name: string, options: BuildCommandOptions) => {
      const { buildModel } = await import("./model_build.ts");
      await buildModel(name, options);
    });
}

function calibrateCommand(): Command {
  return new Command("calibrate")
    .description("map the model's similarities to scores 0..1, using clips of your scene")
    .argument("<name>", "name of a model in the models folder, or a path")
    .requiredOption(
      "--data <folder>",
      "video files or pictures with sounds of the same name (also in subfolders sound, speech and " +
        "negative), or scenes.jsonl",
    )
    .addOption(outOption())
    .addOption(countOption("--limit <n>", "use at most this many clips").default(200))
    .option("--dry-run", "print the result and write nothing")
    .option("--providers <list>", "execution providers, most preferred first", "cpu")
    .addOption(threadsOption())
    .action(async (name: string, options: CalibrateCommandOptions) => {
      const { calibrateModel } = await import("./model_calibrate.ts");
      await calibrateModel(name, options);
    });
}

function exportCommand(): Command {
  return new Command("export-repository")
    .description(
      "write a model repository for Triton Inference Server (runtime.library: oip+grpc://… or oip+http://…)",
    )
    .argument("<name>", "name of a model in the models folder, or a path")
    .requiredOption("--output <folder>", "folder of the repository; must not contain the model yet")
    .addOption(outOption())
    .addOption(countOption("--max-batch <n>", "largest batch that the server makes").default(8))
    .addOption(
      durationOption(
        "--max-delay <duration>",
        "how long a request may wait for others of its batch",
      )
        .default(0.002, "2ms"),
    )
    .addOption(
      new Option("--tensorrt <precision>", "accelerate with TensorRT in this precision")
        .choices(["fp32", "fp16"]),
    )
    .action(async (name: string, options: ExportCommandOptions) => {
      const { exportModelRepository } = await import("./model_export_repository.ts");
      await exportModelRepository(name, options);
    });
}

function removeCommand(): Command {
  return new Command("remove")
    .description("delete a model's folder")
    .argument("<name>", "name of a model in the models folder")
    .addOption(outOption())
    .option("--yes", "do not ask for confirmation")
    .action(async (name: string, options: { out?: string; yes?: boolean }) => {
      const { removeModel } = await import("./model_remove.ts");
      await removeModel(name, options);
    });
}

function outOption(): Option {
  return new Option("--out <folder>", "models folder (default: the project's)");
}

function parseSize(text: string): { width: number; height: number } {
  const match = /^(\d{1,4})x(\d{1,4})$/.exec(text);
  if (!match) throw new InvalidArgumentError("It must be WIDTHxHEIGHT in pixels.");
  return { width: Number(match[1]), height: Number(match[2]) };
}

function parseHeads(text: string): HeadKind[] {
  return text.split(",").map((part) => {
    const kind = headKindSchema.safeParse(part.trim());
    if (!kind.success) {
      throw new InvalidArgumentError("It must be sound or speech for each head, with commas.");
    }
    return kind.data;
  });
}
