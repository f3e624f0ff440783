import { join } from "node:path";
import { bytesText } from "../../core/quantities.ts";
import { PROVIDERS } from "../../model/providers.ts";
import {
  type InstalledRuntime,
  installedRuntimes,
} from "../../model/runtimes/installed_runtimes.ts";
import { tableText } from "../table.ts";

/** One line per installed runtime. */
export async function listText(): Promise<string> {
  const installed = installedRuntimes();
  if (installed.length === 0) {
    return "no runtimes are installed; auto is the one from npm, for the CPU";
  }
  const rows = await Promise.all(installed.map(row));
  return tableText([["NAME", "VERSION", "BUILT WITH", "SIZE", "FOLDER"], ...rows]);
}

async function row(runtime: InstalledRuntime): Promise<string[]> {
  const sizes = new Map<string, number>();
  for await (const { name } of Deno.readDir(runtime.folder)) {
    sizes.set(name, (await Deno.stat(join(runtime.folder, name))).size);
  }
  const providers = PROVIDERS.all.filter((provider) =>
    provider.role === "fallback" || provider.library && sizes.has(provider.library.file)
  );
  return [
    runtime.name,
    runtime.version,
    providers.map(({ name }) => name).join(", "),
    bytesText([...sizes.values()].reduce((sum, size) => sum + size, 0)),
    runtime.folder,
  ];
}
