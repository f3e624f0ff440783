import { existsSync } from "node:fs";
import { join } from "node:path";
import { dataFolders } from "../../../core/data_folder.ts";

/** Name of the folder that the addon is installed in. */
export const ADDON = "superficial";
/** The packages to build, pinned. */
export const ADDON_PACKAGES: Readonly<Record<string, string>> = {
  "gstreamer-superficial": "1.7.4",
  nan: "2.30.0",
};

const LIBRARY = "node_modules/gstreamer-superficial/build/Release/gstreamer-superficial.node";

/** The folder with the addon built in it; undefined if there is none. */
export function builtAddon(folders: readonly string[] = dataFolders(ADDON)): string | undefined {
  return folders.find((folder) => existsSync(join(folder, LIBRARY)));
}
