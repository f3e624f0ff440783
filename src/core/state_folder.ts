import { homedir } from "node:os";
import { join } from "node:path";

/** Where Whence keeps what must survive a restart: systemd's StateDirectory, else as the XDG Base Directory Specification says. */
export function stateFolder(
  environment: (name: string) => string | undefined = (name) => Deno.env.get(name),
): string {
  // Several state directories are separated by colons.
  const service = environment("STATE_DIRECTORY")?.split(":")[0];
  if (service) return service;
  return join(environment("XDG_STATE_HOME") || join(homedir(), ".local", "state"), "whence");
}
