import { resolve } from "node:path";
import { mergeThings, readBank, type Thing, writeBank } from "../../model/things/thing_bank.ts";
import { UsageError } from "../exit.ts";
import { tableText } from "../table.ts";

/** Prints the things in a bank. */
export async function listThings(file: string): Promise<void> {
  const things = await readBank(file);
  if (things.length === 0) return console.log("The bank is empty.");
  const rows = things.map(({ name, kind, model }) => [name, kind, model]);
  console.log(tableText(rows, ["left", "left", "left"]));
}

/** @throws {UsageError} if the bank has no such thing. */
export async function removeThing(name: string, file: string): Promise<void> {
  const things = await readBank(file);
  thingsNamed(name, things, "remove", file);
  await writeBank(file, things.filter((thing) => thing.name !== name));
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
  const chosen = name === undefined ? things : thingsNamed(name, things, "export", file);
  await writeBank(target, chosen);
  console.log(`${target}: ${namesOf(chosen)}`);
}

/**
 * Adds the things of another bank; one of the same name and kind is replaced.
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
  task: string,
  file: string,
): readonly Thing[] {
  const found = things.filter((thing) => thing.name === name);
  if (found.length > 0) return found;
  throw new UsageError(`Cannot ${task} ${name}: ${file} has ${namesOf(things)}`);
}

function namesOf(things: readonly Thing[]): string {
  return [...new Set(things.map(({ name }) => name))].join(", ") || "nothing";
}
