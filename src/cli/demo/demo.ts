import { Command } from "commander";

/** `whence demo`: the main job on the shipped clip. */
export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "play the included clip at live pace and print its events as a client receives them",
    )
    .option("--pictures <folder>", "draw each event over its picture")
    .option("--no-install", "fail if Debian packages are missing, instead of installing them")
    .action(async (options: { pictures?: string; install: boolean }) => {
      const { ensureGstreamer, requireGstreamer } = await import("../setup/gstreamer.ts");
      await (options.install ? ensureGstreamer() : requireGstreamer());
      const { runDemo } = await import("./run_demo.ts");
      await runDemo(options);
    });
}
