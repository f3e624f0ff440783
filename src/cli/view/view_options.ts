import { InvalidArgumentError, Option } from "commander";
import { viewAddressSchema } from "../../viewer/view_schema.ts";

/** `--view [ADDRESS]`: serves the live page; gives an address, or true. */
export function viewOption(): Option {
  return new Option(
    "--view [host:port]",
    "serve the live page (at 127.0.0.1:8471 unless an address is given)",
  ).argParser(parseViewAddress);
}

/** Checks an address as given on the command line. */
export function parseViewAddress(text: string): string {
  const result = viewAddressSchema.safeParse(text);
  if (!result.success) throw new InvalidArgumentError(`It ${result.error.issues[0].message}.`);
  return result.data;
}
