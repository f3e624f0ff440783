import { UsageError } from "../exit.ts";
import { printNews } from "../stderr.ts";

/** What installing needs of the machine. */
export interface AptOptions {
  /** Effective user id; default: this process's. */
  readonly uid?: number | null;
  /** Folder of apt's package lists. */
  readonly lists?: string;
}

/**
 * Installs Debian packages: as root, or through sudo when it asks for no password.
 *
 * @throws {UsageError} with the command to run by hand, when it may not or does not work.
 */
export async function aptInstall(
  packages: readonly string[],
  options: AptOptions = {},
): Promise<void> {
  const { uid = Deno.uid(), lists = "/var/lib/apt/lists" } = options;
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  const command = `sudo apt-get update && sudo apt-get ${install.join(" ")}`;
  const refuse = (reason: string): never => {
    throw new UsageError(`Cannot install ${packages.join(" ")}: ${reason}; run: ${command}`);
  };
  const sudo = uid === 0 ? [] : ["sudo", "-n"];
  if (uid !== 0 && !await succeeds(["sudo", "-n", "true"], true)) {
    refuse("it takes root or a sudo that asks for no password");
  }
  if (!await succeeds(["apt-get", "--version"], true)) refuse("this machine has no apt-get");
  printNews(`Installing ${packages.join(" ")}`);
  const apt = (args: string[], quiet = false) =>
    succeeds(
      [
        ...sudo,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-qq",
        "-o",
        "DPkg::Lock::Timeout=300",
        ...args,
      ],
      quiet,
    );
  // Lists that are there may be too old for the mirror; then the first try fails and a fresh list helps.
  if (hasLists(lists) && await apt(install, true)) return;
  if (!await apt(["update"])) refuse("apt-get update failed");
  if (!await apt(install)) refuse("apt-get install failed");
}

function hasLists(folder: string): boolean {
  try {
    return [...Deno.readDirSync(folder)].some(({ name }) => name.includes("_Packages"));
  } catch {
    return false;
  }
}

async function succeeds([command, ...args]: string[], quiet = false): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: quiet ? "null" : "inherit",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
