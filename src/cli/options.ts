import { InvalidArgumentError, Option } from "commander";
import { type Override, parseOverride } from "../config/override.ts";
import { durationSchema } from "../config/units.ts";

/** `--set KEY=VALUE`, repeatable; gives `set: Override[]`. */
export function setOption(): Option {
  return new Option("--set <key=value>", "override a key of the file; repeatable")
    .default([], "none")
    .argParser((text: string, former: Override[]) => [...former, parseOverride(text)]);
}

/** An option whose value is a duration such as `30s`; gives seconds. */
export function durationOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    const result = durationSchema.safeParse(text);
    if (!result.success) throw new InvalidArgumentError(`It ${result.error.issues[0].message}.`);
    return result.data;
  });
}

/** An option whose value is an integer of at least 1. */
export function countOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    const count = Number(text);
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new InvalidArgumentError("It must be an integer of at least 1.");
    }
    return count;
  });
}
