import { homedir } from "node:os";
import { join } from "node:path";

/** Folders that are searched for what was installed under a name, in this order: the user's, then the machine's. */
export function dataFolders(name: string): string[] {
  return [...new Set([userFolder(name), sharedFolder(name)])];
}

/** The folder that this user installs into: root installs for the whole machine, others for themselves. */
export function installFolder(name: string): string {
  return Deno.uid() === 0 && !Deno.env.get("XDG_DATA_HOME") ? sharedFolder(name) : userFolder(name);
}

/** Where root installs, so that services find it. */
function sharedFolder(name: string): string {
  return join("/var/lib/whence", name);
}

function userFolder(name: string): string {
  return join(Deno.env.get("XDG_DATA_HOME") || join(homedir(), ".local/share"), "whence", name);
}
