import { Command } from "commander";

/** `whence schema`: writes the JSON Schemas of pipeline files and of events. */
export function schemaCommand(): Command {
  return new Command("schema")
    .description("write the JSON Schemas of pipeline files and events")
    .option("--output <folder>", "where to", "config")
    .action(async ({ output }: { output: string }) => {
      const { jsonSchemas } = await import("./json_schemas.ts");
      await Deno.mkdir(output, { recursive: true });
      for (const [name, text] of Object.entries(jsonSchemas())) {
        await Deno.writeTextFile(`${output}/${name}`, text);
        console.log(`${output}/${name}`);
      }
    });
}
