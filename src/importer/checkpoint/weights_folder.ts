import { basename, join } from "node:path";
import { fileFaultSync } from "../../core/file_fault.ts";
import { ImportError } from "../import_error.ts";
import { pickleMessage } from "./safetensors.ts";

const WEIGHTS = "model.safetensors";
const PICKLES = /\.(ckpt|pt|pth|bin)$/i;

/**
 * Path of the weights in a folder of the published layout.
 *
 * @throws {ImportError} for a pickle instead, a missing file, or a path that is no folder.
 */
export function findWeights(folder: string): string {
  if (PICKLES.test(folder)) throw new ImportError(pickleMessage(folder));
  let names: string[];
  try {
    names = [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch (cause) {
    throw new ImportError(
      `Cannot import ${folder}: it must be a folder with config.json and ${WEIGHTS}`,
      { cause },
    );
  }
  if (names.includes(WEIGHTS)) return join(folder, WEIGHTS);
  const pickle = names.find((name) => PICKLES.test(name));
  if (pickle) throw new ImportError(pickleMessage(join(folder, pickle)));
  const found = names.length === 0 ? "nothing" : names.slice(0, 5).join(", ");
  throw new ImportError(
    `Cannot import ${folder}: it must hold config.json and ${WEIGHTS}, got ${found}`,
  );
}

/** The license that a model card's front matter states, or undefined. */
export function cardLicense(folder: string): string | undefined {
  const file = join(folder, "README.md");
  if (fileFaultSync(file)) return undefined;
  const card = Deno.readTextFileSync(file);
  const frontMatter = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1] ?? "";
  return /^license:\s*["']?([\w.+-]{1,60})/m.exec(frontMatter)?.[1];
}

/** A folder's own name, for a `source` that reveals no path of this machine. */
export function folderName(folder: string): string {
  return basename(folder.replace(/[/\\]+$/, "")) || "folder";
}
