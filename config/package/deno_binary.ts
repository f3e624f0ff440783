import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Architecture, DENO_VERSION } from "./architecture.ts";
import { PackageError, runTool } from "./run_tool.ts";

/**
 * Downloads Deno's binary from npm and unpacks it.
 *
 * @param folder an empty folder for the download.
 * @returns path of the binary.
 * @throws {PackageError} when npm fails or the download has another hash.
 */
export async function fetchDeno({ deno }: Architecture, folder: string): Promise<string> {
  const names = await runTool("npm", [
    "pack",
    "--silent",
    "--pack-destination",
    folder,
    `${deno.name}@${DENO_VERSION}`,
  ]);
  const file = join(folder, names.trim());
  const hash = createHash("sha512").update(await Deno.readFile(file)).digest("base64");
  if (`sha512-${hash}` !== deno.integrity) {
    throw new PackageError(
      `Cannot package: ${deno.name}@${DENO_VERSION} must have the hash ${deno.integrity}, got sha512-${hash}`,
    );
  }
  await runTool("tar", ["-xzf", file, "-C", folder, "package/deno"]);
  await Deno.remove(file);
  return join(folder, "package/deno");
}
