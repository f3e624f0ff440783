/**
 * Returns freed memory to the system.
 *
 * glibc keeps the memory that is freed after reading a large model and after the end of its session (1 GB and 1.8 GB
 * measured). Does nothing with another C library.
 */
export function trimMemory(): void {
  try {
    using libc = open();
    libc.symbols.malloc_trim(0n);
  } catch {
    // Another C library has its own policy.
  }
}

function open() {
  const library = Deno.dlopen("libc.so.6", {
    malloc_trim: { parameters: ["usize"], result: "i32" },
  });
  return { symbols: library.symbols, [Symbol.dispose]: () => library.close() };
}
