import { installedRuntimes } from "../../model/runtimes/installed_runtimes.ts";
import { UsageError } from "../exit.ts";

/** Deletes an installed runtime. */
export async function removeRuntime(name: string): Promise<void> {
  const installed = installedRuntimes();
  const runtime = installed.find((runtime) => runtime.name === name);
  if (runtime === undefined) {
    const names = installed.map(({ name }) => name).join(", ") || "none";
    throw new UsageError(`Cannot remove ${name}: it must be an installed runtime (${names})`);
  }
  await Deno.remove(runtime.folder, { recursive: true });
  console.log(`removed ${runtime.folder}`);
}
