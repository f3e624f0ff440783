import { Command } from "commander";

/** `whence demo`: the main job on the clip that is shipped. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("run the shipped clip at live pace and print its events as a client hears them")
    .option("--pictures <folder>", "draw each event's heat map over its frame")
    .action(async (options: { pictures?: string }) => {
      const { ensureGstreamer } = await import("../setup/setup.ts");
      await ensureGstreamer();
      const { runDemo } = await import("./run_demo.ts");
      await runDemo(options);
    });
}
