import { dirname, join } from "node:path";
import { Command } from "commander";

/** `whence schema`: writes what is generated from the schemas of pipeline files and events. */
export function schemaCommand(): Command {
  return new Command("schema")
    .description(
      "write the JSON Schemas of pipeline files and events, the event's Python types, and the configuration reference",
    )
    .option("--output <folder>", "folder to write config/ and docs/ into", ".")
    .action(async ({ output }: { output: string }) => {
      const { generatedFiles } = await import("./generated_files.ts");
      for (const [name, text] of Object.entries(await generatedFiles(output))) {
        const file = join(output, name);
        await Deno.mkdir(dirname(file), { recursive: true });
        await Deno.writeTextFile(file, text);
        console.log(file);
      }
    });
}
