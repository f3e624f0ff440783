import { InvalidArgumentError, Option } from "commander";
import { parseListenAddress } from "../../core/listen_address.ts";

/** `--foxglove [ADDRESS]`: serves the Foxglove WebSocket protocol; gives an address, or true. */
export function foxgloveOption(): Option {
  return new Option(
    "--foxglove [host:port]",
    "serve Foxglove and Lichtblick (at 127.0.0.1:8765 unless an address is given)",
  ).argParser((text) => {
    if (parseListenAddress(text, 0) === undefined) {
      throw new InvalidArgumentError(
        "It must be HOST:PORT, HOST or PORT, such as 0.0.0.0:8765.",
      );
    }
    return text;
  });
}
