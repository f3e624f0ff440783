import { basename, dirname, join } from "node:path";

/** The folder beside `out` in which its new content is written. */
export function draftOf(out: string): string {
  return join(dirname(out), `.${basename(out)}.part`);
}

const formerOf = (out: string) => `${draftOf(out)}.old`;

/** Moves the draft to `out`; what was there is removed. */
export async function replaceFolder(out: string): Promise<void> {
  const former = formerOf(out);
  await removeIfThere(former);
  await renameIfThere(out, former);
  await Deno.rename(draftOf(out), out);
  await removeIfThere(former);
}

/** Brings back the former folder if `replaceFolder` was killed between its two moves; removes it if killed after them. */
export async function restoreFolder(out: string): Promise<void> {
  const former = formerOf(out);
  try {
    await Deno.lstat(out);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return await renameIfThere(former, out);
  }
  await removeIfThere(former);
}

/** Removes a file or folder, if there is one. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
