/** `RUSAGE_CHILDREN` of getrusage(2). */
const CHILDREN = -1;
/** Size of `struct rusage`, bytes; user and system time come first, as seconds and microseconds. */
const RUSAGE_SIZE = 144;

/** CPU time of child processes that have ended, ms. */
export function childrenCpuMs(): number {
  const library = Deno.dlopen("libc.so.6", {
    getrusage: { parameters: ["i32", "buffer"], result: "i32" },
  });
  const usage = new BigInt64Array(RUSAGE_SIZE / 8);
  library.symbols.getrusage(CHILDREN, usage);
  library.close();
  const [userS, userUs, systemS, systemUs] = [...usage].map(Number);
  return (userS + systemS) * 1000 + (userUs + systemUs) / 1000;
}
