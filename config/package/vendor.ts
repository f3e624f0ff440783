import { join } from "node:path";
import type { Architecture } from "./architecture.ts";
import { PackageError, runTool } from "./run_tool.ts";

/** Files of npm packages that are only read by compilers, debuggers and people. */
const UNUSED =
  /\.(d\.[cm]?ts|map|md|markdown|flow|tsbuildinfo)$|^\.(eslint|npmignore|git)|^eslint\.config/;
const LICENSE = /^(licen[cs]e|copying|notice)/i;

/**
 * Installs an application's npm packages for another machine, in the versions of a lock file, and deletes what that
 * machine does not need.
 *
 * @param app folder with the application's deno.json; gets a `node_modules`.
 * @param lock path of the project's deno.lock.
 * @throws {PackageError} when the packages differ from those of the lock file.
 */
export async function vendorPackages(
  app: string,
  lock: string,
  { npm }: Architecture,
): Promise<void> {
  const copy = join(app, "deno.lock");
  const config = join(app, "deno.json");
  const text = await Deno.readTextFile(config);
  await Deno.copyFile(lock, copy);
  await Deno.writeTextFile(config, text.replace('"manual"', '"auto"'));
  await runTool(Deno.execPath(), ["install", "--quiet", "--os", "linux", "--arch", npm], {
    cwd: app,
    env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
  });
  await Deno.writeTextFile(config, text);
  assertPinned(await Deno.readTextFile(copy), await Deno.readTextFile(lock));
  await Deno.remove(copy);
  await deleteForeign(join(app, "node_modules/.deno"), npm);
  await deleteUnused(join(app, "node_modules"));
  await copyApart(app);
}

/** Deno links files to its cache; a change of their times and modes would change the cache. */
async function copyApart(app: string): Promise<void> {
  const [linked, copy] = ["node_modules", "copied_modules"].map((name) => join(app, name));
  await runTool("cp", ["-R", "--preserve=mode,timestamps", linked, copy]);
  await Deno.remove(linked, { recursive: true });
  await Deno.rename(copy, linked);
}

function assertPinned(got: string, pinned: string): void {
  const packagesOf = (lock: string): Record<string, { integrity: string }> => JSON.parse(lock).npm;
  const expected = packagesOf(pinned);
  for (const [name, { integrity }] of Object.entries(packagesOf(got))) {
    if (expected[name]?.integrity !== integrity) {
      throw new PackageError(
        `Cannot package: deno.lock must have ${name}; run \`deno install\` in the checkout`,
      );
    }
  }
}

/** ONNX Runtime comes with the libraries of five systems, sharp with those of two C libraries. */
async function deleteForeign(packages: string, npm: string): Promise<void> {
  for await (const { name } of Deno.readDir(packages)) {
    const folder = join(packages, name);
    // Deno's record of its own installation has the times of the build.
    if (name.startsWith(".") || name.includes("+sharp") && name.includes("linuxmusl")) {
      await Deno.remove(folder, { recursive: true });
    }
    if (!name.startsWith("onnxruntime-node@")) continue;
    const bin = join(folder, "node_modules/onnxruntime-node/bin");
    for await (const { path, depth } of foldersBelow(bin)) {
      const own = [undefined, "linux", npm][depth - 1];
      if (own !== undefined && !path.endsWith(`/${own}`)) {
        await Deno.remove(path, { recursive: true });
      }
    }
  }
}

async function* foldersBelow(
  root: string,
  depth = 1,
): AsyncGenerator<{ path: string; depth: number }> {
  if (depth > 3) return;
  for (const { name, isDirectory } of await Array.fromAsync(Deno.readDir(root))) {
    if (!isDirectory) continue;
    const path = join(root, name);
    yield { path, depth };
    const there = await Deno.stat(path).then(() => true, () => false);
    if (there) yield* foldersBelow(path, depth + 1);
  }
}

/** Deletes unused files, empty folders and links without a target. */
async function deleteUnused(folder: string): Promise<void> {
  for (const { name, isDirectory, isSymlink } of await Array.fromAsync(Deno.readDir(folder))) {
    const path = join(folder, name);
    if (isDirectory) {
      await deleteUnused(path);
      const empty = (await Array.fromAsync(Deno.readDir(path))).length === 0;
      if (empty) await Deno.remove(path);
    } else if (isSymlink) {
      if (!await Deno.stat(path).then(() => true, () => false)) await Deno.remove(path);
    } else if (UNUSED.test(name) && !LICENSE.test(name)) {
      await Deno.remove(path);
    }
  }
}
