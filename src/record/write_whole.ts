import { open, rename, rm } from "node:fs/promises";

/** Gives a finished file its name; a power cut leaves the whole file or none. */
export async function giveName(part: string, path: string): Promise<void> {
  const file = await open(part, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
}

/** Writes a file that is complete or not there. */
export async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const part = `${path}.part`;
  try {
    await Deno.writeFile(part, data);
    await giveName(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
