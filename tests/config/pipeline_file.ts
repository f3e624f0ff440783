import { join } from "node:path";
import { parseOverride } from "../../src/config/override.ts";
import { type PipelineReading, readPipeline } from "../../src/pipeline/load.ts";
import { formatFault } from "../../src/config/fault.ts";

/** The smallest valid pipeline file. */
export const LEAST = "source: { uri: clip.mkv }\nmodel: denseav-mini\n";

/** Runs `use` with a folder that holds the given files; the folder is gone afterwards. */
export async function withFiles<T>(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "whence-config-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), text);
    }
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads one text as the file `robot.yaml`. */
export function readText(
  text: string,
  overrides: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<PipelineReading> {
  return withFiles({ "robot.yaml": text }, (folder) =>
    readPipeline(
      join(folder, "robot.yaml"),
      overrides.map(parseOverride),
      (name) => environment[name],
    ));
}

/** The faults as a user sees them, the folder left out. */
export function lines(reading: PipelineReading): string[] {
  return reading.faults.map((fault) =>
    formatFault(fault).replace(/^\S*\/robot\.yaml/, "robot.yaml")
  );
}
