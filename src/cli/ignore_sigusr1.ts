/** Number of SIGUSR1 on Linux, on every architecture that Deno runs on. */
const SIGUSR1 = 10;
const SIG_IGN = 1n;

/**
 * Makes the process ignore SIGUSR1, which opens Deno's debugger on port 9229 for every local user.
 *
 * Deno registers its own handler half a second after start, but only once per signal: registered here first, it is
 * replaced in the C library afterwards and stays so.
 */
export function ignoreSigusr1(): void {
  const handler = () => {};
  try {
    Deno.addSignalListener("SIGUSR1", handler);
    const libc = Deno.dlopen("libc.so.6", {
      signal: { parameters: ["i32", "usize"], result: "usize" },
    });
    libc.symbols.signal(SIGUSR1, SIG_IGN);
    libc.close();
    Deno.removeSignalListener("SIGUSR1", handler);
  } catch {
    // Another C library: the signal keeps its meaning.
  }
}
