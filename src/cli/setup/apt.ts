import { UsageError } from "../exit.ts";
import { printNews } from "../stderr.ts";

/** The machine that packages are installed on. */
export interface AptOptions {
  /** Effective user id; default: this process's. */
  readonly uid?: number | null;
  /** Folder of apt's package lists. */
  readonly lists?: string;
}

/** The command that installs Debian packages by hand. */
export function aptCommand(packages: readonly string[]): string {
  return `sudo apt-get update && sudo apt-get ${installArguments(packages).join(" ")}`;
}

/**
 * Installs Debian packages, as root or through a sudo that needs no password, after printing their names.
 *
 * @throws {UsageError} with the command to run by hand, if it is not allowed or fails.
 */
export async function aptInstall(
  packages: readonly string[],
  options: AptOptions = {},
): Promise<void> {
  const { uid = Deno.uid(), lists = "/var/lib/apt/lists" } = options;
  const install = installArguments(packages);
  const refuse = (reason: string): never => {
    const names = packages.join(" ");
    throw new UsageError(`Cannot install ${names}: ${reason}; run: ${aptCommand(packages)}`);
  };
  const sudo = uid === 0 ? [] : ["sudo", "-n"];
  if (uid !== 0 && !await succeeds(["sudo", "-n", "true"], "quiet")) {
    refuse("it must be done as root or with a sudo that needs no password");
  }
  if (!await succeeds(["apt-get", "--version"], "quiet")) refuse("this machine has no apt-get");
  printNews(`Installing missing Debian packages with apt-get: ${packages.join(" ")}`);
  const apt = (args: string[], errors: "quiet" | "shown") =>
    succeeds(
      [
        ...[...sudo, "env", "DEBIAN_FRONTEND=noninteractive"],
        ...["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", ...args],
      ],
      errors,
    );
  // Existing lists may be too old for the mirror; then the first try fails and a fresh list helps.
  if (hasLists(lists) && await apt(install, "quiet")) return;
  if (!await apt(["update"], "shown")) refuse("apt-get update failed");
  if (!await apt(install, "shown")) refuse("apt-get install failed");
}

function installArguments(packages: readonly string[]): string[] {
  return ["install", "-y", "--no-install-recommends", ...packages];
}

function hasLists(folder: string): boolean {
  try {
    return [...Deno.readDirSync(folder)].some(({ name }) => name.includes("_Packages"));
  } catch {
    return false;
  }
}

async function succeeds(
  [command, ...args]: string[],
  errors: "quiet" | "shown",
): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: errors === "quiet" ? "null" : "inherit",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
