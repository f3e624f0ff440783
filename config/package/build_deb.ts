import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import type { Architecture } from "./architecture.ts";
import { CONFIG_FILES, controlFile, SCRIPTS } from "./control.ts";
import { dependencies } from "./dependencies.ts";
import { isElf, neededGlibc } from "./glibc.ts";
import { runTool } from "./run_tool.ts";

/**
 * Packs a folder of files into a Debian package. The same files give the same bytes: all times are `time`, all owners
 * root, all entries sorted.
 *
 * @param tree the files; gets a folder `DEBIAN`.
 * @param out path of the package.
 * @param compression of dpkg-deb, such as `xz` (small) or `zstd` (fast).
 */
export async function buildDeb(
  tree: string,
  out: string,
  { architecture, version, time, compression }: {
    readonly architecture: Architecture;
    readonly version: string;
    readonly time: Date;
    readonly compression: string;
  },
): Promise<void> {
  const files = (await Array.fromAsync(filesBelow(tree))).sort();
  let bytes = 0;
  const sums: string[] = [];
  for (const path of files) {
    const data = await Deno.readFile(path);
    bytes += Math.ceil(data.length / 1024) * 1024;
    const name = relative(tree, path);
    if (!name.startsWith("etc/")) {
      sums.push(`${createHash("md5").update(data).digest("hex")}  ${name}\n`);
    }
  }
  const meta = join(tree, "DEBIAN");
  await Deno.mkdir(meta);
  const needs = dependencies(await neededGlibc(tree));
  const texts = {
    control: controlFile(architecture, version, needs, bytes / 1024),
    conffiles: CONFIG_FILES.map((path) => `${path}\n`).join(""),
    md5sums: sums.join(""),
    ...SCRIPTS,
  };
  for (const [name, text] of Object.entries(texts)) {
    await Deno.writeTextFile(join(meta, name), text);
    await Deno.chmod(join(meta, name), name in SCRIPTS ? 0o755 : 0o644);
  }
  await setModes(tree);
  await runTool("find", [tree, "-exec", "touch", "-h", "-d", time.toISOString(), "{}", "+"]);
  await runTool(
    "dpkg-deb",
    ["--build", "--root-owner-group", `-Z${compression}`, tree, out],
    { env: { SOURCE_DATE_EPOCH: String(Math.floor(time.getTime() / 1000)), LC_ALL: "C" } },
  );
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* filesBelow(path);
    else if (isFile) yield path;
  }
}

/** Folders and programs 755, other files 644: a checkout's modes depend on the umask. npm's scripts are never started. */
async function setModes(folder: string): Promise<void> {
  await Deno.chmod(folder, 0o755);
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) await setModes(path);
    else if (isFile && !path.includes("/DEBIAN/")) {
      await Deno.chmod(path, await isProgram(path) ? 0o755 : 0o644);
    }
  }
}

async function isProgram(path: string): Promise<boolean> {
  if (path.includes("/usr/bin/")) return true;
  return !/\.(so(\.\d+)*|node)$/.test(path) && await isElf(path);
}
