import { Command } from "commander";
import type { WatchOptions } from "./watch_events.ts";

/** `whence watch`: prints the events that a broker receives. */
export function watchCommand(): Command {
  return new Command("watch")
    .description("print events from a broker as they arrive")
    .option("--url <url>", "address of the broker", "mqtt://localhost:1883")
    .option("--prefix <topic>", "first part of the topics", "whence")
    .option("--json", "print events as JSON, one per line", false)
    .option("--username <name>", "user name for the broker")
    .option("--password-file <file>", "file whose first line is the password")
    .option("--ca <file>", "PEM file of the certificate authority")
    .option("--cert <file>", "PEM file of the client certificate")
    .option("--key <file>", "PEM file of the client key")
    .addHelpText("after", "\nReconnects if the broker is unavailable; press Ctrl-C to stop.")
    .action(async (options: WatchOptions) => {
      const { watchEvents } = await import("./watch_events.ts");
      await watchEvents(options);
    });
}
