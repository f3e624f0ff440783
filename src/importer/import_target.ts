import { accessSync, constants } from "node:fs";
import { join, resolve } from "node:path";
import { existingFolder } from "./disk_space.ts";
import { ImportError } from "./import_error.ts";

/** Where an imported model goes. */
export interface ImportTarget {
  readonly name: string;
  /** Folder in which the model's own folder is made. */
  readonly out: string;
  /** Whether an existing model of that name is replaced. */
  readonly replace?: boolean;
}

const NAME = /^[A-Za-z0-9][\w.-]*$/;

/**
 * Checks that a model can be put where it is to go: a free name, or that of a model to replace, in a folder that can be
 * written.
 *
 * @param weights the folder of the weights, or their name in errors before they are downloaded.
 * @returns the model's own folder.
 * @throws {ImportError} one line.
 */
export function checkTarget(weights: string, { name, out, replace }: ImportTarget): string {
  const fault = (what: string) => new ImportError(`Cannot import ${weights}: ${what}`);
  if (!NAME.test(name)) {
    throw fault(`the name must be letters, digits, ".", "_", "-", got ${JSON.stringify(name)}`);
  }
  const target = join(out, name);
  if (!isWritableFolder(existingFolder(resolve(out)))) {
    throw fault(`${out} must be a folder that can be written`);
  }
  if (!pathExists(target)) return target;
  if (!replace) throw fault(`${target} must not exist yet; remove it or pass --replace`);
  // The weights must not be what is replaced.
  const inside = `${resolve(weights)}/`.startsWith(`${resolve(target)}/`);
  if (inside || !pathExists(join(target, "model.yaml"))) {
    throw fault(
      `${target} must be a model to be replaced, got ${
        inside ? "the weights themselves" : "a folder without model.yaml"
      }; pass another --name`,
    );
  }
  return target;
}

function isWritableFolder(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Whether there is anything at a path, be it a broken link. */
export function pathExists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
