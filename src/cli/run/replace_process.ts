import { cString } from "../../core/c_string.ts";

/**
 * Replaces this process by another program; the process ID, standard streams and environment stay, so that service managers
 * notice nothing. Returns only if it fails.
 *
 * @param args without the program's own name.
 */
export function replaceProcess(program: string, args: readonly string[]): Error {
  const texts = [program, ...args].map(cString);
  const pointers = new BigUint64Array(texts.length + 1);
  texts.forEach((text, i) => {
    pointers[i] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(text));
  });
  try {
    const { symbols } = Deno.dlopen("libc.so.6", {
      execv: { parameters: ["buffer", "buffer"], result: "i32" },
    });
    symbols.execv(texts[0], pointers);
    return new Error(`Cannot start ${program}`);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
