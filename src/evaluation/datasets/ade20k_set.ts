import { basename, join } from "node:path";
import { z } from "zod";
import type { HeadKind } from "../../core/head_kind.ts";
import { readCsv } from "./pair_set.ts";
import { EvaluationError } from "../evaluation_error.ts";
import { readPicture } from "./picture.ts";
import { coverLabels } from "./resample_picture.ts";
import type { Size } from "../../core/resize_bilinear.ts";
import { spread } from "./scene_set.ts";

/** One prompt: a sound or a spoken word, a picture, and the class that is prompted. */
export interface Prompt {
  readonly id: string;
  readonly classId: number;
  readonly image: string;
  readonly labels: string;
  readonly audio: string;
  /** When the word is spoken, seconds from the clip's start; speech only. */
  readonly word?: { readonly onset: number; readonly offset: number };
}

const FOLDERS: Record<HeadKind, string> = {
  speech: "ADE20KSpeechPrompted",
  sound: "ADE20KSoundPrompted",
};

const timingSchema = z.string().transform((text, context) => {
  const match = /^\s*\[\s*([\d.eE+-]+)\s*,\s*([\d.eE+-]+)\s*\]\s*$/.exec(text);
  if (match) return { onset: Number(match[1]), offset: Number(match[2]) };
  context.addIssue({ code: "custom", message: `must be [start, end] in seconds, got ${text}` });
  return z.NEVER;
});

const rowSchema = z.object({
  image_location: z.string().endsWith(".jpg"),
  ade_class_id: z.coerce.number().int().min(0),
  speech_prompt_file: z.string().optional(),
  vggsound_file: z.string().optional(),
  timing: z.string().optional(),
});

/**
 * Reads the paper's prompted ADE20K in its published layout: `prompted_segmentation.csv` next to `frames`, `annotations`
 * (`…_seg.png`) and `audio`, in `FOLDER`, `FOLDER/ADE20KSpeechPrompted` or `FOLDER/ADE20KSoundPrompted`. Rows without a
 * prompt of the kind, and of class 0, are skipped, as in the original.
 *
 * @param limit most prompts, spread evenly over the list
 */
export async function readAde20k(
  folder: string,
  kind: HeadKind,
  limit = Infinity,
): Promise<readonly Prompt[]> {
  const root = await rootOf(folder, kind);
  const file = join(root, "prompted_segmentation.csv");
  const rows = await readCsv(file, rowSchema);
  const prompts = rows.flatMap((row, i): Prompt[] => {
    const audio = kind === "speech" ? row.speech_prompt_file : row.vggsound_file;
    if (!audio || row.ade_class_id === 0) return [];
    return [{
      id: String(i),
      classId: row.ade_class_id,
      image: join(root, "frames", row.image_location),
      labels: join(root, "annotations", row.image_location.replace(".jpg", "_seg.png")),
      audio: join(root, "audio", basename(audio)),
      word: kind === "speech" ? timing(row.timing, `${file}: row ${i + 1}`) : undefined,
    }];
  });
  if (prompts.length === 0) {
    throw new EvaluationError(`Cannot evaluate ${file}: it must contain ${kind} prompts, got none`);
  }
  return spread(prompts, limit);
}

/**
 * The pixels of a prompt's class, after the original's resize and center crop. ADE20K encodes a class in two channels:
 * `⌊red / 10⌋ · 256 + green`.
 *
 * @returns `[size.height, size.width]`, 1 on the class
 */
export async function promptTruth({ labels, classId }: Prompt, size: Size): Promise<Uint8Array> {
  const { width, height, data } = await readPicture(labels);
  const classes = Uint16Array.from(
    { length: width * height },
    (_, i) => Math.floor(data[3 * i] / 10) * 256 + data[3 * i + 1],
  );
  const covered = coverLabels(classes, { width, height }, size);
  return Uint8Array.from(covered, (label) => label === classId ? 1 : 0);
}

function timing(text: string | undefined, place: string) {
  const result = timingSchema.safeParse(text ?? "");
  if (result.success) return result.data;
  throw new EvaluationError(`Cannot read ${place}: timing ${result.error.issues[0].message}`);
}

async function rootOf(folder: string, kind: HeadKind): Promise<string> {
  for (const root of [join(folder, FOLDERS[kind]), folder]) {
    try {
      await Deno.stat(join(root, "prompted_segmentation.csv"));
      return root;
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    }
  }
  throw new EvaluationError(
    `Cannot find the prompts: ${folder} must contain prompted_segmentation.csv or ${FOLDERS[kind]}`,
  );
}
