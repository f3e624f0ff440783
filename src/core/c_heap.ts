const ARENA_MAX = -8;
const ARENAS = 2;

/**
 * Lets the threads of this process share glibc's heaps; call it before they start. By default each thread of GStreamer has one of its
 * own, and each keeps what was freed in it.
 */
export function shareHeaps(): void {
  call((libc) => libc.mallopt(ARENA_MAX, ARENAS));
}

/**
 * Returns freed memory to the system.
 *
 * glibc keeps the memory that is freed after reading a large model and after the end of its session (1 GB and 1.8 GB
 * measured).
 */
export function trimMemory(): void {
  call((libc) => libc.malloc_trim(0n));
}

/** Does nothing with another C library, which has its own policy. */
function call(use: (libc: ReturnType<typeof open>["symbols"]) => void): void {
  try {
    using libc = open();
    use(libc.symbols);
  } catch {
    // There is no glibc.
  }
}

function open() {
  const library = Deno.dlopen("libc.so.6", {
    malloc_trim: { parameters: ["usize"], result: "i32" },
    mallopt: { parameters: ["i32", "i32"], result: "i32" },
  });
  return { symbols: library.symbols, [Symbol.dispose]: () => library.close() };
}
