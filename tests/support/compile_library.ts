import assert from "node:assert/strict";
import { basename } from "node:path";

/**
 * Compiles C code without headers into a shared library, with its file name as its soname.
 *
 * @param needs paths of libraries that it is linked with, used or not.
 */
export async function compileLibrary(
  path: string,
  code: string,
  needs: readonly string[] = [],
): Promise<string> {
  const source = `${path}.c`;
  await Deno.writeTextFile(source, code);
  const { success, stderr } = await new Deno.Command("gcc", {
    args: [
      ...["-shared", "-fPIC", "-nostdlib", "-O1", `-Wl,-soname,${basename(path)}`],
      ...["-Wl,--no-as-needed", "-o", path, source, ...needs],
    ],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  await Deno.remove(source);
  return path;
}
