/**
 * Ends the process at once, with `Deno.exitCode` unless a code is given.
 *
 * Skips the exit handlers and static destructors of native libraries, which `Deno.exit` runs: while another thread is
 * still inside one of them, such as ONNX Runtime loading a model, they free what that thread uses and the process
 * crashes with SIGSEGV.
 */
export function exitProcess(code: number = Deno.exitCode): never {
  leave(code);
  Deno.exit(code);
}

/** `_exit(2)` of the C library; returns only where there is none. */
function leave(code: number): void {
  try {
    Deno.dlopen("libc.so.6", { _exit: { parameters: ["i32"], result: "void" } }).symbols._exit(
      code,
    );
  } catch {
    // Another C library: the caller exits in the usual way.
  }
}
