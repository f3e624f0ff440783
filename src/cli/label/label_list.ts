import { resolve } from "node:path";
import { counted } from "../../core/quantities.ts";
import { readModelLabels } from "../../labels/model_labels.ts";
import { findModel } from "../../model/find_model.ts";
import { readBank } from "../../model/things/thing_bank.ts";
import { tableText } from "../table.ts";
import { findBank } from "./default_bank.ts";

/** Options of `whence label list`. */
export interface ListOptions {
  /** Default: the default bank, if there is one. */
  readonly bank?: string;
  readonly model: string;
  readonly all?: boolean;
}

/**
 * Prints the names in a bank, and those of the model.
 *
 * @throws {ModelError} when the bank or the model cannot be read.
 */
export async function listLabels({ bank, model, all }: ListOptions): Promise<void> {
  const folder = await findModel(model, ".");
  const known = await readModelLabels(folder) ?? new Map();
  const file = await findBank(bank);
  const groups = Map.groupBy(
    file === undefined ? [] : await readBank(resolve(file)),
    ({ name, kind }) => JSON.stringify([name, kind]),
  );
  const rows = [...groups.values()].map((things) => [
    things[0].name,
    things[0].kind,
    counted(things.length, "recording"),
  ]);
  if (rows.length > 0) console.log(tableText(rows));
  for (const [kind, { names }] of known) {
    const word = kind === "speech" ? "word" : "sound";
    console.log(`${folder.manifest.name} knows ${counted(names.length, word)}`);
    if (all) console.log(names.map(({ name }: { name: string }) => name).sort().join(", "));
  }
}
