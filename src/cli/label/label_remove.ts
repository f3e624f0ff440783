import { resolve } from "node:path";
import { isLook, readBank, writeBank } from "../../model/things/thing_bank.ts";
import { UsageError } from "../exit.ts";

/**
 * Removes a name's recordings from a bank; how a thing of that name looks stays.
 *
 * @throws {UsageError} if the bank has no recordings of the name.
 * @throws {ModelError} if the bank cannot be read.
 */
export async function removeLabel(name: string, { bank }: { bank: string }): Promise<void> {
  const file = resolve(bank);
  const things = await readBank(file);
  const labels = things.filter((thing) => !isLook(thing));
  const left = things.filter((thing) => thing.name !== name || isLook(thing));
  if (left.length === things.length) {
    const names = [...new Set(labels.map((thing) => thing.name))].join(", ") || "no names";
    const hint = things.some((thing) => thing.name === name)
      ? `; it was shown: use whence show ${name} --remove`
      : "";
    throw new UsageError(`Cannot remove ${name}: ${bank} has ${names}${hint}`);
  }
  await writeBank(file, left);
  console.log(`removed ${name}`);
}
