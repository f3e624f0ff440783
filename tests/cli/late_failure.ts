/** A command whose background work fails while the command itself is running. */
import { Command } from "commander";
import { runAndExit } from "../../src/cli/exit.ts";
import { whence } from "../../src/cli/program.ts";
import { ModelError } from "../../src/model/manifest.ts";

const late = new Command("late").argument("<how>").action(async (how: string) => {
  const error = new ModelError("Cannot continue with rtsp://me:hunter2@camera");
  if (how === "rejection") void Promise.reject(error);
  else {
    setTimeout(() => {
      throw error;
    });
  }
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
await runAndExit(whence(late), Deno.args);
