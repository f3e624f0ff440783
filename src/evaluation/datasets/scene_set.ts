import { join } from "node:path";
import { z } from "zod";
import { headKindSchema } from "../../core/head_kind.ts";
import { EvaluationError } from "../evaluation_error.ts";

const targetSchema = z.object({
  kind: headKindSchema,
  name: z.string().min(1),
  onset: z.number().min(0),
  offset: z.number().positive(),
  mask: z.string().min(1),
  box: z.array(z.number()).length(4).optional(),
}).refine((target) => target.offset > target.onset, {
  message: "must be later than onset",
  path: ["offset"],
});
/** What is heard in a scene, when (seconds from the clip's start) and where (a mask picture). */
export type SceneTarget = z.infer<typeof targetSchema>;

const objectSchema = z.union([
  z.string().transform((name) => ({ name, mask: undefined })),
  z.object({ name: z.string(), mask: z.string().optional() }),
]);

const sceneSchema = z.object({
  id: z.string().min(1),
  pool: z.string().min(1),
  image: z.string().min(1),
  audio: z.string().min(1),
  objects: z.array(objectSchema).default([]),
  targets: z.array(targetSchema),
});
/** One line of `scenes.jsonl`: a picture, a sound and what in the picture makes it. Without targets, nothing does. */
export type Scene = z.infer<typeof sceneSchema>;

/** The scenes of one folder. */
export interface SceneSet {
  readonly folder: string;
  readonly scenes: readonly Scene[];
}

/**
 * Reads `FOLDER/scenes.jsonl`; paths in it are relative to the folder.
 *
 * @param limit most scenes, spread evenly over the file, so that every pool is included
 * @throws {EvaluationError} with file and line when a line is invalid or an id is repeated.
 */
export async function readSceneSet(folder: string, limit = Infinity): Promise<SceneSet> {
  const file = join(folder, "scenes.jsonl");
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (cause) {
    throw new EvaluationError(`Cannot read the scenes: ${file} must be a readable file`, { cause });
  }
  const lines = text.split("\n").map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== "");
  const ids = new Set<string>();
  const scenes = lines.map(({ line, number }) => {
    const scene = parseScene(line, `${file}:${number}`);
    if (ids.has(scene.id)) {
      throw new EvaluationError(
        `Cannot read the scenes: ${file}:${number}: id must be unique, got ${scene.id} again`,
      );
    }
    ids.add(scene.id);
    return scene;
  });
  if (scenes.length === 0) {
    throw new EvaluationError(`Cannot read the scenes: ${file} must contain a line, got none`);
  }
  return { folder, scenes: spread(scenes, limit) };
}

/** At most `limit` items, evenly spaced, in order. */
export function spread<T>(items: readonly T[], limit: number): readonly T[] {
  if (items.length <= limit) return items;
  return Array.from({ length: limit }, (_, i) => items[Math.floor(i * items.length / limit)]);
}

/** Whether a sound and a word are heard at the same time. */
export function isMixture({ targets }: Scene): boolean {
  return targets.some((a) =>
    a.kind === "sound" &&
    targets.some((b) => b.kind === "speech" && a.onset < b.offset && b.onset < a.offset)
  );
}

function parseScene(line: string, place: string): Scene {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new EvaluationError(`Cannot read the scenes: ${place}: it must be JSON`, { cause });
  }
  const result = sceneSchema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  throw new EvaluationError(
    `Cannot read the scenes: ${place}: ${path.join(".") || "line"}: ${message}`,
  );
}
