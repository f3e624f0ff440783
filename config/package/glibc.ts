import { join } from "node:path";

/**
 * The newest version of the C library that the ELF files below a folder need, such as `2.28`: the largest of the names
 * `GLIBC_2.N` in their string tables.
 */
export async function neededGlibc(folder: string): Promise<string> {
  let newest = 0;
  for await (const path of elfFiles(folder)) {
    const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
    for (const [, minor] of text.matchAll(/\0GLIBC_2\.(\d+)(?:\.\d+)?(?=\0)/g)) {
      newest = Math.max(newest, Number(minor));
    }
  }
  return `2.${newest}`;
}

/** Paths of the ELF files below a folder. */
export async function* elfFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* elfFiles(path);
    else if (isFile && await isElf(path)) yield path;
  }
}

/** Whether a file is an ELF file: a program or a library. */
export async function isElf(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const magic = new Uint8Array(4);
  await file.read(magic);
  return String.fromCharCode(...magic) === "\x7fELF";
}
