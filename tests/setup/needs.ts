import { succeeds } from "../../src/core/succeeds.ts";

const PYTHON = "/usr/bin/python3";

/** Something that must be on the machine, by what can be seen of it, and the Debian package that has it. */
export type Need =
  & { readonly package: string }
  & (
    | { readonly command: string }
    | { readonly pythonModule: string }
    | { readonly typelib: string; readonly version: string }
    | { readonly file: string }
  );

/** The packages of what is missing, each once. */
export async function missingPackages(needs: readonly Need[]): Promise<string[]> {
  const met = await Promise.all(needs.map(isMet));
  return [...new Set(needs.filter((_, index) => !met[index]).map((need) => need.package))];
}

async function isMet(need: Need): Promise<boolean> {
  if ("command" in need) return isOnPath(need.command);
  if ("file" in need) return await Deno.stat(need.file).then(() => true, () => false);
  const script = "typelib" in need
    ? `import gi; gi.require_version("${need.typelib}", "${need.version}")`
    : `import importlib.util as u, sys; sys.exit(u.find_spec("${need.pythonModule}") is None)`;
  return await succeeds(PYTHON, "-c", script);
}

/** Debian keeps servers such as mosquitto in sbin, which is not on every user's path. */
function isOnPath(command: string): boolean {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      const { isFile, mode } = Deno.statSync(`${folder}/${command}`);
      return isFile && ((mode ?? 0) & 0o111) !== 0;
    } catch {
      return false;
    }
  });
}
