/** Programs that open a link in the desktop's browser. */
const OPENERS = Deno.build.os === "darwin" ? ["open"] : ["xdg-open", "wslview"];

/**
 * Opens a link in the browser of this machine's desktop.
 *
 * @returns whether a program took it.
 */
export async function openBrowser(url: string): Promise<boolean> {
  for (const opener of OPENERS) {
    try {
      const child = new Deno.Command(opener, {
        args: [url],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      child.unref();
      if ((await child.status).success) return true;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return false;
}
