/** Parameters of `mallopt`. */
const TRIM_THRESHOLD = -1;
const MMAP_THRESHOLD = -3;
const ARENA_MAX = -8;

const ARENAS = 2;
const LARGE_BYTES = 256 * 1024;

/**
 * Keeps what is freed from staying in the process; call it before its threads start.
 *
 * By default, each thread of GStreamer has a heap of its own, and after the first large block is freed, glibc takes blocks of that
 * size from the heaps as well: frames and features then leave gaps that grow for hours.
 */
export function boundHeaps(): void {
  call((libc) => {
    libc.mallopt(ARENA_MAX, ARENAS);
    libc.mallopt(MMAP_THRESHOLD, LARGE_BYTES);
    libc.mallopt(TRIM_THRESHOLD, LARGE_BYTES);
  });
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
