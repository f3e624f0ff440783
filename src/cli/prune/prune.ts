import { Command } from "commander";

/** `whence prune`: deletes libraries for other systems. */
export function pruneCommand(): Command {
  return new Command("prune")
    .description("delete ONNX Runtime's libraries for other systems from Deno's cache")
    .option("--dry-run", "only list what would be deleted", false)
    .addHelpText(
      "after",
      "\nThe npm package has libraries for five systems, 300 MB; this system needs 25 to 50 MB.",
    )
    .action(async ({ dryRun }: { dryRun: boolean }) => {
      const { join } = await import("node:path");
      const { findNodeLibrary } = await import("../../model/runtime/node_library.ts");
      const { deleteAll, foreignLibraries, pruneText } = await import("./foreign_libraries.ts");
      const root = Deno.env.get("DENO_INSTALL_ROOT") ?? join(Deno.env.get("HOME") ?? "", ".deno");
      const foreign = await foreignLibraries(findNodeLibrary(), join(root, "bin"));
      if (!dryRun) await deleteAll(foreign);
      console.log(pruneText(foreign, dryRun));
    });
}
