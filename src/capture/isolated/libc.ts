const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

const { symbols } = Deno.dlopen("libc.so.6", {
  write: { parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  // Variadic in C; Linux passes these arguments like those of any other function.
  prctl: { parameters: ["i32", "usize", "usize", "usize", "usize"], result: "i32" },
});

/** Makes the kernel kill this process when its parent dies, even if it hangs in a driver. */
export function dieWithParent(): void {
  symbols.prctl(PR_SET_PDEATHSIG, BigInt(SIGKILL), 0n, 0n, 0n);
}

/**
 * Writes all bytes to an open file by its number; waits while a pipe is full.
 *
 * @throws {Error} when the pipe has no reader.
 */
export async function writeAll(file: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const part = bytes.subarray(at);
    const written = Number(await symbols.write(file, part, BigInt(part.length)));
    if (written < 0) throw new Error("Cannot write: the reader has gone");
    at += written;
  }
}
