import { Argument, Command } from "commander";

/** `whence setup`: installs what capture needs. */
export function setupCommand(): Command {
  return new Command("setup")
    .description("install what capture needs, through apt")
    .addArgument(
      new Argument(
        "[part]",
        "gstreamer: its packages; superficial: also builds node-gstreamer-superficial",
      ).choices(["gstreamer", "superficial"]).default("gstreamer"),
    )
    .action(async (part: string) => {
      const { ensureGstreamer } = await import("./gstreamer.ts");
      await ensureGstreamer();
      if (part === "gstreamer") return console.log("GStreamer is installed");
      const { setupSuperficial } = await import("./superficial.ts");
      console.log(`node-gstreamer-superficial is built in ${await setupSuperficial()}`);
    });
}
