import { join } from "node:path";

/** All files below a folder that `deno test` would run, in the order of their names. */
export async function testFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) files.push(...await testFiles(path));
    else if (/(^|[_.])test\.tsx?$/.test(name)) files.push(path);
  }
  return files.sort();
}
