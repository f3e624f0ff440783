import { Command, Option } from "commander";
import { HEAD_KINDS } from "../../core/head_kind.ts";
import { threadsOption } from "../runtime_options.ts";
import { DEFAULT_BANK } from "./default_bank.ts";
import type { AddOptions } from "./label_add.ts";
import type { ListOptions } from "./label_list.ts";
import type { TestOptions } from "./test_labels.ts";

/** `whence label`: names for sounds and words, learned from a few recordings. */
export function labelCommand(): Command {
  return new Command("label")
    .description("give sounds and words your own names, from 1 to 10 recordings each")
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand())
    .addCommand(testCommand());
}

const withBank = (command: Command) =>
  command.option("--bank <file>", "bank of names and things", DEFAULT_BANK);

/** Without a default, to tell a bank that was given, which must exist. */
const withBankIfAny = (command: Command) =>
  command.option("--bank <file>", `bank of names and things (default: "${DEFAULT_BANK}", if any)`);

const withModel = (command: Command) =>
  command.option(
    "--model <name>",
    "name of an installed model, or a path",
    "denseav-mini",
  );

const withEncoder = (command: Command) =>
  withModel(command)
    .addOption(
      new Option("--kind <kind>", "what is in the recordings (default: what the model hears)")
        .choices([...HEAD_KINDS]),
    )
    .option("--providers <list>", "execution providers, most preferred first", "cpu")
    .addOption(threadsOption(1));

function addCommand(): Command {
  return withEncoder(withBank(new Command("add")))
    .description("add recordings of a name to the bank")
    .argument("<name>", "name of the sound, or the word")
    .argument("<clips...>", "WAV, FLAC, MP3 or Ogg files with nothing else in them")
    .action(async (name: string, clips: string[], options: AddOptions) => {
      const { addLabel } = await import("./label_add.ts");
      await addLabel(name, clips, options);
    });
}

function listCommand(): Command {
  return withModel(withBankIfAny(new Command("list")))
    .description("list the names in the bank, and how many the model knows")
    .option("--all", "list the names that the model knows, too")
    .action(async (options: ListOptions) => {
      const { listLabels } = await import("./label_list.ts");
      await listLabels(options);
    });
}

function removeCommand(): Command {
  return withBank(new Command("remove"))
    .description("remove a name and its recordings from the bank")
    .argument("<name>")
    .action(async (name: string, options: { bank: string }) => {
      const { removeLabel } = await import("./label_remove.ts");
      await removeLabel(name, options);
    });
}

function testCommand(): Command {
  return withEncoder(withBankIfAny(new Command("test")))
    .description("label recordings, and count how many labels are right")
    .argument(
      "<paths...>",
      "files, each in a folder that has the name as its name; or folders of such folders. unknown/ should get no label",
    )
    .option("--no-model-names", "use the names in the bank alone")
    .option("--min-score <n>", "labels less probable than this are left out", "0.5")
    .option("--json", "print one line of JSON per recording")
    .action(async (paths: string[], options: TestOptions) => {
      const { testLabels } = await import("./test_labels.ts");
      await testLabels(paths, options);
    });
}
