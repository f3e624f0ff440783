import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ADDON, ADDON_PACKAGES, builtAddon } from "../../capture/isolated/superficial/addon.ts";
import { BUILD_NEEDS, isInstalled, NODE } from "../../capture/isolated/superficial/build_needs.ts";
import { installFolder } from "../../core/data_folder.ts";
import { UsageError } from "../exit.ts";
import { printNews } from "../stderr.ts";
import type { AptOptions } from "./apt.ts";
import { ensurePackages } from "./ensure_packages.ts";
import { ensureElements } from "./gstreamer.ts";

/**
 * Builds node-gstreamer-superficial with node-gyp, after installing the Debian packages that this takes.
 *
 * @returns the folder that it is built in.
 * @throws {UsageError} in one line, after npm's own output, if it cannot be built.
 */
export async function setupSuperficial(options: AptOptions = {}): Promise<string> {
  await ensureElements(["gdppay"], options);
  await ensurePackages(async () => {
    const needs = [NODE, ...BUILD_NEEDS];
    const installed = await Promise.all(needs.map(isInstalled));
    return needs.filter((_, index) => !installed[index]).map((need) => need.package);
  }, options);
  const folder = installFolder(ADDON);
  await Deno.mkdir(folder, { recursive: true }).catch((error) => {
    throw new UsageError(`Cannot build the addon: ${folder} must be writable: ${error.message}`);
  });
  const content = { private: true, dependencies: ADDON_PACKAGES };
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify(content, null, 2));
  printNews("Building node-gstreamer-superficial; this takes a minute or more");
  const headers = await nodeFolder();
  const { success } = await new Deno.Command("npm", {
    args: [
      ...["install", "--no-audit", "--no-fund", "--loglevel=error"],
      ...headers === undefined ? [] : [`--nodedir=${headers}`],
    ],
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).output();
  if (!success || builtAddon([folder]) === undefined) {
    throw new UsageError(`Cannot build the addon: npm install failed in ${folder}`);
  }
  return folder;
}

/** Where Node.js is installed with its headers; undefined if it has none: then node-gyp downloads those of its version. */
async function nodeFolder(): Promise<string | undefined> {
  const args = ["-p", "fs.realpathSync(process.execPath)"];
  const { stdout } = await new Deno.Command("node", { args, stderr: "null" }).output();
  const folder = dirname(dirname(new TextDecoder().decode(stdout).trim()));
  return existsSync(join(folder, "include/node/node.h")) ? folder : undefined;
}
