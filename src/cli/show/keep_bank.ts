import { resolve } from "node:path";
import { counted } from "../../core/quantities.ts";
import {
  isLook,
  mergeThings,
  readBank,
  type Thing,
  writeBank,
} from "../../model/things/thing_bank.ts";
import { UsageError } from "../exit.ts";
import { tableText } from "../table.ts";

/** Prints what is in a bank: how things look, and how many recordings names have. */
export async function listThings(file: string): Promise<void> {
  const things = await readBank(file);
  if (things.length === 0) return console.log("The bank is empty.");
  const groups = Map.groupBy(
    things,
    (thing) => JSON.stringify([thing.name, thing.kind, thing.model, isLook(thing)]),
  );
  const rows = [...groups.values()].map((same) => {
    const [{ name, kind, model }] = same;
    return [name, kind, model, isLook(same[0]) ? "look" : counted(same.length, "recording")];
  });
  console.log(tableText(rows, ["left", "left", "left", "left"]));
}

/**
 * Removes how a thing looks from a bank; recordings of its name stay.
 *
 * @throws {UsageError} if the bank has no such thing.
 */
export async function removeThing(name: string, file: string): Promise<void> {
  const things = await readBank(file);
  const left = things.filter((thing) => thing.name !== name || !isLook(thing));
  if (left.length === things.length) {
    const hint = things.some((thing) => thing.name === name)
      ? `; it has recordings: use whence label remove ${name}`
      : "";
    throw new UsageError(
      `Cannot remove ${name}: ${file} has ${namesOf(things.filter(isLook))}${hint}`,
    );
  }
  await writeBank(file, left);
  console.log(`removed ${name}`);
}

/**
 * Writes one thing, or all, into a bank of its own.
 *
 * @throws {UsageError} if the bank has no such thing, or is the file to write.
 */
export async function exportThings(
  name: string | undefined,
  file: string,
  target: string,
): Promise<void> {
  if (resolve(target) === file) {
    throw new UsageError(`Cannot export: ${target} must be another file than the bank`);
  }
  const things = await readBank(file);
  const chosen = name === undefined ? things : thingsNamed(name, things, file);
  await writeBank(target, chosen);
  console.log(`${target}: ${namesOf(chosen)}`);
}

/**
 * Adds the things of another bank; looks replace looks, and recordings replace recordings, of the same name and kind.
 *
 * @param known what the bank has
 * @throws {UsageError} if the two were shown to different models.
 */
export async function importThings(
  source: string,
  file: string,
  known: readonly Thing[],
): Promise<void> {
  const added = await readBank(source);
  const [model] = [...known, ...added].map((thing) => thing.model);
  const other = added.find((thing) => thing.model !== model);
  if (other !== undefined) {
    throw new UsageError(
      `Cannot import ${source}: "${other.name}" must have been shown to ${model}, got ${other.model}`,
    );
  }
  await writeBank(file, mergeThings(known, added));
  console.log(`added ${namesOf(added)}`);
}

function thingsNamed(
  name: string,
  things: readonly Thing[],
  file: string,
): readonly Thing[] {
  const found = things.filter((thing) => thing.name === name);
  if (found.length > 0) return found;
  throw new UsageError(`Cannot export ${name}: ${file} has ${namesOf(things)}`);
}

function namesOf(things: readonly Thing[]): string {
  return [...new Set(things.map(({ name }) => name))].join(", ") || "nothing";
}
