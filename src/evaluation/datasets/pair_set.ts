import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { folderFault } from "../../core/file_fault.ts";
import type { HeadKind } from "../../core/head_kind.ts";
import { EvaluationError } from "../evaluation_error.ts";
import { readSceneSet, type SceneTarget, spread } from "./scene_set.ts";

/** A sound and the picture it belongs to. */
export interface Pair {
  readonly id: string;
  readonly kind: HeadKind;
  readonly image: string;
  readonly audio: string;
  /** When something is heard; undefined for the whole clip. */
  readonly heard?: readonly Pick<SceneTarget, "onset" | "offset">[];
}

/** Pairs of one data set. */
export interface PairSet {
  readonly name: string;
  /** Whether pictures and sounds are cropped and padded as by the original's loaders for the published sets. */
  readonly published: boolean;
  readonly pairs: readonly Pair[];
}

/**
 * Finds the data sets of a folder: `scenes.jsonl`, or the published sets in the layout of the original's loaders,
 * `PlacesAudio_400k_distro` with `places_subset` (spoken captions) and `audioset-eval` (sounds).
 *
 * @param limit most pairs per set, spread evenly over it
 * @throws {EvaluationError} when the folder contains none of these, or a list is invalid.
 */
export async function findPairSets(folder: string, limit = Infinity): Promise<PairSet[]> {
  const fault = await folderFault(folder);
  if (fault !== undefined) throw new EvaluationError(`Cannot read ${folder}: ${fault}`);
  const sets: PairSet[] = [];
  if (!hasPairSets(folder)) {
    throw new EvaluationError(
      `Cannot find pairs: ${folder} must contain scenes.jsonl, ${PLACES} or ${AUDIOSET}, got none`,
    );
  }
  if (existsSync(join(folder, "scenes.jsonl"))) sets.push(await scenePairs(folder));
  if (existsSync(join(folder, PLACES))) sets.push(await placesPairs(folder));
  if (existsSync(join(folder, AUDIOSET))) sets.push(await audioSetPairs(folder));
  return sets.map((set) => ({ ...set, pairs: spread(set.pairs, limit) }));
}

/** Whether {@linkcode findPairSets} finds anything in a folder. */
export function hasPairSets(folder: string): boolean {
  return ["scenes.jsonl", PLACES, AUDIOSET].some((name) => existsSync(join(folder, name)));
}

const PLACES = "PlacesAudio_400k_distro";
const AUDIOSET = "audioset-eval";
/** The original draws one of ten frames at random; here it is always the middle one. */
const AUDIOSET_FRAME = 5;

async function scenePairs(folder: string): Promise<PairSet> {
  const { scenes } = await readSceneSet(folder);
  const pairs = scenes.filter(({ targets }) => new Set(targets.map((t) => t.kind)).size === 1)
    .map(({ id, image, audio, targets }) => ({
      id,
      kind: targets[0].kind,
      image: join(folder, image),
      audio: join(folder, audio),
      heard: targets,
    }));
  return { name: "scenes", published: false, pairs };
}

const placesSchema = z.object({
  data: z.array(z.object({ wav: z.string().regex(/^wavs\/.+\.wav$/), image: z.string() })),
});

async function placesPairs(folder: string): Promise<PairSet> {
  const file = join(folder, PLACES, "metadata", "val.json");
  let content: unknown;
  try {
    content = JSON.parse(await Deno.readTextFile(file));
  } catch (cause) {
    throw new EvaluationError(`Cannot read the pairs: ${file} must be a JSON file`, { cause });
  }
  const { data } = validated(placesSchema, content, file);
  const pairs = data.map(({ wav, image }) => ({
    id: `places/${wav.slice("wavs/".length, -".wav".length)}`,
    kind: "speech" as const,
    image: join(folder, "places_subset", image),
    audio: join(folder, PLACES, wav),
  }));
  return { name: "places", published: true, pairs };
}

const segmentSchema = z.object({
  YTID: z.string().min(1),
  start_seconds: z.string().regex(/^\d/),
  end_seconds: z.string().regex(/^\d/),
});

async function audioSetPairs(folder: string): Promise<PairSet> {
  const root = join(folder, AUDIOSET);
  const rows = await readCsv(
    join(root, "metadata", "eval_segments_subset.csv"),
    segmentSchema,
  );
  const pairs = rows.map(({ YTID, start_seconds, end_seconds }) => {
    const name = `${YTID}_${floatText(start_seconds)}_${floatText(end_seconds)}`;
    return {
      id: `audioset/${name}`,
      kind: "sound" as const,
      image: join(root, "frames", `${name}_${AUDIOSET_FRAME}.jpg`),
      audio: join(root, "audio", `${name}.mp3`),
    };
  });
  return { name: "audioset", published: true, pairs };
}

/** Reads a CSV file with a header line; every value is text. */
export async function readCsv<Row extends z.ZodType>(
  file: string,
  row: Row,
): Promise<z.infer<Row>[]> {
  let records: unknown;
  try {
    records = parse(await Deno.readTextFile(file), {
      columns: true,
      skip_empty_lines: true,
      trim: true,
      bom: true,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new EvaluationError(`Cannot read ${file}: it must be a CSV file, got: ${reason}`, {
      cause,
    });
  }
  return validated(z.array(row), records, file);
}

function validated<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  file: string,
): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  throw new EvaluationError(`Cannot read ${file}: ${path.join(".") || "file"}: ${message}`);
}

/** A number of a CSV file as Python prints it, which is how the files are named: `30.000` is `30.0`, `30` stays `30`. */
function floatText(text: string): string {
  if (!text.includes(".")) return text;
  const value = Number(text);
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
