import { Command, InvalidArgumentError, Option } from "commander";

/** Options of `runtime install`. */
interface InstallCommandOptions {
  readonly index?: string;
  readonly name?: string;
  readonly sha256?: string;
  readonly replace?: boolean;
}

/** `whence runtime`: installs other builds of ONNX Runtime. */
export function runtimeCommand(): Command {
  return new Command("runtime")
    .description("install, list and remove builds of ONNX Runtime, such as one for NVIDIA GPUs")
    .addCommand(installCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
}

function installCommand(): Command {
  return new Command("install")
    .description("take ONNX Runtime out of a Python wheel; runtime.library: NAME then uses it")
    .argument(
      "[wheel]",
      "package such as onnxruntime-gpu or onnxruntime-gpu==1.23.0, or a .whl file",
      "onnxruntime-gpu",
    )
    .option("--index <url>", "package index to download from (default: pip's setting)")
    .option("--name <name>", "name of the runtime (default: the package's)")
    .addOption(
      new Option("--sha256 <hex>", "hash that the wheel must have").argParser(parseSha256),
    )
    .option("--replace", "replace an installed runtime of that name")
    .addHelpText(
      "after",
      "\nRoot installs for all users and services, into /var/lib/whence/runtimes; others into $XDG_DATA_HOME/whence/runtimes.",
    )
    .action(async (wheel: string, options: InstallCommandOptions) => {
      const { installRuntime } = await import("./runtime_install.ts");
      await installRuntime(wheel, options);
    });
}

function listCommand(): Command {
  return new Command("list")
    .description("list the installed runtimes")
    .action(async () => {
      const { listText } = await import("./runtime_list.ts");
      console.log(await listText());
    });
}

function removeCommand(): Command {
  return new Command("remove")
    .description("delete an installed runtime")
    .argument("<name>", "an installed runtime")
    .action(async (name: string) => {
      const { removeRuntime } = await import("./runtime_remove.ts");
      await removeRuntime(name);
    });
}

function parseSha256(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text;
  throw new InvalidArgumentError("It must have 64 hexadecimal digits.");
}
