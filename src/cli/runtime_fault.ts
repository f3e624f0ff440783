/** Deno's permissions that Whence needs. */
const PERMISSIONS = ["env", "ffi", "net", "read", "run", "sys", "write"] as const;

/**
 * Why Whence cannot start with this Deno, in one line; undefined where it can. Imports nothing: without permissions or
 * without deno.json, an import of a package would fail first.
 *
 * @param main URL of the program's first module.
 */
export function runtimeFault(main: string): string | undefined {
  const path = decodeURI(new URL(main).pathname);
  // The launcher has worked out which permissions this process needs.
  const confined = Deno.args.includes("--confined");
  const missing = confined
    ? []
    : PERMISSIONS.filter((name) => Deno.permissions.querySync({ name }).state !== "granted");
  if (missing.length > 0) {
    return `Cannot start: Whence must have Deno's permissions ${missing.join(", ")} ` +
      `(cameras and models go through native libraries); run: deno run -A ${path}`;
  }
  try {
    import.meta.resolve("commander");
    return undefined;
  } catch {
    const config = path.replace(/src\/main\.ts$/, "deno.json");
    return `Cannot start: Deno must read Whence's deno.json; run: deno run -A --config ${config} ${path}`;
  }
}
