import { Command } from "commander";
import type { WatchOptions } from "./watch_events.ts";

/** `whence watch`: prints the events that a broker hears. */
export function watchCommand(): Command {
  return new Command("watch")
    .description("print events from a broker as they come")
    .option("--url <url>", "the broker", "mqtt://localhost:1883")
    .option("--prefix <topic>", "what the topics begin with", "whence")
    .option("--json", "print events as JSON, one a line", false)
    .option("--username <name>", "who you are to the broker")
    .option("--password-file <file>", "file whose first line is the password")
    .option("--ca <file>", "PEM file of the certificate authority")
    .option("--cert <file>", "PEM file of your certificate")
    .option("--key <file>", "PEM file of your key")
    .addHelpText("after", "\nA broker that is away is waited for; Ctrl-C ends it.")
    .action(async (options: WatchOptions) => {
      const { watchEvents } = await import("./watch_events.ts");
      await watchEvents(options);
    });
}
