import { join } from "node:path";
import { z } from "zod";
import { cacheFolder } from "../core/cache_folder.ts";
import type { Manifest } from "./manifest.ts";

const partSchema = z.object({
  part: z.string(),
  /** The provider that does most of the work. */
  provider: z.string(),
  /** Nodes by provider; empty when ONNX Runtime does not report it. */
  nodes: z.record(z.string(), z.number()),
  /** Of one run; missing when it cannot be traced. */
  operators: z.array(
    z.object({
      provider: z.string(),
      operator: z.string(),
      nodes: z.number(),
      /** Microseconds */
      time: z.number(),
    }),
  ).optional(),
});
/** Where one part of a model runs. */
export type BuiltPart = z.output<typeof partSchema>;

const recordSchema = z.object({
  /** SHA-256 of both encoders. */
  model: z.string(),
  /** Version of ONNX Runtime. */
  version: z.string(),
  providers: z.array(z.string()),
  /** s */
  window: z.number(),
  /** When it was built, ISO 8601. */
  at: z.string(),
  /** Seconds of each step, such as `image load`. */
  steps: z.record(z.string(), z.number()),
  parts: z.array(partSchema),
});
/** What `model build` found out. */
export type BuildRecord = z.output<typeof recordSchema>;

/** What the records of a model are of: the files that were loaded. */
export function modelKey({ image, audio }: Manifest): string {
  return `${image.sha256} ${audio.sha256}`;
}

/** The keys of a model with either of its image encoders. */
function keysOf({ image, audio }: Manifest): string[] {
  return [image, ...image.int8 ? [image.int8] : []].map((variant) =>
    `${variant.sha256} ${audio.sha256}`
  );
}

/** The builds of a model on this machine, newest first; those of other files with its name are left out. */
export async function readBuilds(manifest: Manifest): Promise<BuildRecord[]> {
  const path = recordPath(manifest);
  if (path === undefined) return [];
  const text = await Deno.readTextFile(path).catch(() => "[]");
  // A record that cannot be read is written again by the next build.
  const parsed = z.array(recordSchema).safeParse(parseJson(text));
  return (parsed.data ?? []).filter(({ model }) => keysOf(manifest).includes(model));
}

/** Keeps a build in place of the one with the same ONNX Runtime, providers and window. */
export async function keepBuild(manifest: Manifest, record: BuildRecord): Promise<void> {
  const path = recordPath(manifest);
  if (path === undefined) return;
  const others = (await readBuilds(manifest)).filter((other) => !isSameBuild(other, record));
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeTextFile(`${path}.part`, `${JSON.stringify([record, ...others], null, 1)}\n`);
  await Deno.rename(`${path}.part`, path);
}

/** Whether two builds are of the same model for the same runtime and window. */
export function isSameBuild(
  a: Omit<BuildRecord, "at" | "steps" | "parts">,
  b: Omit<BuildRecord, "at" | "steps" | "parts">,
): boolean {
  return a.model === b.model && a.version === b.version && a.window === b.window &&
    a.providers.join() === b.providers.join();
}

function recordPath({ name }: Manifest): string | undefined {
  const cache = cacheFolder();
  return cache === undefined ? undefined : join(cache, "builds", `${name}.json`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}
