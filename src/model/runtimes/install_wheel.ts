import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { fileFault } from "../../core/file_fault.ts";
import { ModelError } from "../manifest.ts";
import { type LibraryProbe, probeProviders } from "../runtime/runtime.ts";
import { runtimeSchema } from "../runtime_schema.ts";
import { type InstalledRuntime, RECORD, RUNTIME_NAME } from "./installed_runtimes.ts";
import { isMainLibrary, unpackWheel } from "./open_wheel.ts";
import { thisMachine } from "./this_machine.ts";
import { parseWheelName, platformFault, type WheelMachine } from "./wheel_name.ts";

/** Where and how a wheel is installed. */
export interface InstallOptions {
  /** The folder of runtimes; made if it is missing. */
  readonly parent: string;
  /** Name of the runtime. Default: the distribution's. */
  readonly name?: string;
  /** The wheel's SHA-256 in hex, if it is known. */
  readonly sha256?: string;
  /** Replace a runtime of that name. */
  readonly replace?: boolean;
  readonly machine?: WheelMachine;
  readonly onProgress?: (done: number, total: number) => void;
}

/** A runtime that was installed, and the providers that can be used here. */
export interface Installation {
  readonly runtime: InstalledRuntime;
  readonly probe: LibraryProbe;
}

/**
 * Unpacks the ONNX Runtime in a wheel, after checks of hash, platform, C library and version, and loads it once.
 * The runtime appears only when all of that succeeded.
 *
 * @throws {ModelError} one line: what does not fit.
 */
export async function installWheel(path: string, options: InstallOptions): Promise<Installation> {
  const wheel = basename(path);
  const fault = await fileFault(path);
  if (fault) throw new ModelError(`Cannot install ${path}: ${fault}`);
  const parsed = parseWheelName(wheel);
  const name = options.name ?? parsed.distribution;
  if (!RUNTIME_NAME.test(name) || ["auto", "node"].includes(name)) {
    throw new ModelError(
      `Cannot install ${wheel}: --name must have only letters, digits, ".", "_" and "-" and not be auto or node, got ${name}`,
    );
  }
  const unfit = platformFault(parsed, options.machine ?? thisMachine());
  if (unfit) throw new ModelError(`Cannot install ${wheel}: ${unfit}`);
  const folder = join(options.parent, name);
  if (!options.replace && await exists(folder)) {
    throw new ModelError(
      `Cannot install ${wheel}: ${name} is installed; pass --replace or another --name`,
    );
  }
  const sha256 = await hashOf(path);
  if (options.sha256 !== undefined && options.sha256.toLowerCase() !== sha256) {
    throw new ModelError(
      `Cannot install ${wheel}: its SHA-256 must be ${options.sha256}, got ${sha256}`,
    );
  }
  await Deno.mkdir(options.parent, { recursive: true });
  const part = await Deno.makeTempDir({ dir: options.parent, prefix: ".part-" });
  try {
    const libraries = await unpackWheel(path, part, options.onProgress);
    const library = libraries.find(isMainLibrary)!;
    const config = runtimeSchema.parse({ library: join(part, library) });
    const probe = await probeProviders(config, part);
    const record = { name, version: probe.version, library, wheel, sha256 };
    await Deno.writeTextFile(join(part, RECORD), `${JSON.stringify(record, null, 2)}\n`);
    // Services of other users read it.
    await Deno.chmod(part, 0o755);
    if (options.replace) await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
    await Deno.rename(part, folder);
    return { runtime: { ...record, folder }, probe };
  } catch (error) {
    await Deno.remove(part, { recursive: true });
    throw error;
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
