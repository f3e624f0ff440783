import { join } from "node:path";

/** The folder of files that can be computed again, `$XDG_CACHE_HOME/whence`; undefined without a home folder. */
export function cacheFolder(): string | undefined {
  const home = Deno.env.get("HOME");
  const base = Deno.env.get("XDG_CACHE_HOME") || (home && join(home, ".cache"));
  return base ? join(base, "whence") : undefined;
}
