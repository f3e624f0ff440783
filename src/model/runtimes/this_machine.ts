import { readCString } from "../../core/c_string.ts";
import type { WheelMachine } from "./wheel_name.ts";

/** Architecture and C library of this machine. */
export function thisMachine(): WheelMachine {
  const libc = Deno.dlopen("libc.so.6", {
    gnu_get_libc_version: { parameters: [], result: "pointer" },
  });
  const version = readCString(libc.symbols.gnu_get_libc_version());
  libc.close();
  return { arch: Deno.build.arch, glibc: Number(version.split(".")[1]) };
}
