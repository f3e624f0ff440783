import { join } from "node:path";
import { z } from "zod";
import type { HeadKind } from "../../core/head_kind.ts";
import { type Prompt, promptTruth } from "../datasets/ade20k_set.ts";
import type { ClipGrounder } from "./clip_grounder.ts";
import { encodePairPicture, encodePairSound, PUBLISHED_SAMPLES } from "./encode_pair.ts";
import type { PairRunOptions } from "./evaluate_pairs.ts";
import { meanOverTime } from "../metrics/heat_map.ts";
import { loudestHead } from "../metrics/loudest_head.ts";
import { promptedSegmentation, type SegmentationResult } from "../metrics/prompted_segmentation.ts";
import { ResumeFile, resumeKey } from "./resume_file.ts";
import { publishedWordSteps, rangeMask, wordSteps } from "../metrics/time_mask.ts";

/** Prompted segmentation by the mean over the whole clip and, for speech, over the word's time. */
export interface PromptedFigures {
  readonly wholeClip: SegmentationResult;
  /** Undefined for sounds, and if the computation fails. */
  readonly word?: SegmentationResult;
  /** Why the published computation fails on this data. */
  readonly wordFault?: string;
}

/** The result of `evaluate ade20k-speech` and `-sound`. */
export interface Ade20kResult {
  readonly prompts: number;
  /** As the original computes it. */
  readonly published: PromptedFigures;
  /** With the original's faults corrected. */
  readonly corrected: PromptedFigures;
  /** The figure of a uniform map, the best that one global vector per picture allows: the mean share of the classes. */
  readonly baseline: number;
}

const mapText = z.string().nullable();
const promptResultSchema = z.object({
  id: z.string(),
  /** Base64 of float32 maps `[h, w]`; null if no time step remains. */
  wholeClip: mapText,
  publishedWord: mapText,
  correctedWord: mapText,
  publishedFault: z.string().nullable(),
});
type PromptResult = z.infer<typeof promptResultSchema>;

/**
 * The paper's prompted segmentation, with the maximum over all heads at each cell and step, as in the original, which
 * never uses one head alone.
 *
 * Published and corrected differ where a word's time (.2 s wider on both sides) extends beyond the clip: the original
 * fails at the end of the padded clip, and counts padding as similarity 0; the corrected computation excludes both. See
 * {@linkcode promptedSegmentation} for the other differences.
 */
export async function evaluateAde20k(
  grounder: ClipGrounder,
  prompts: readonly Prompt[],
  kind: HeadKind,
  options: PairRunOptions,
): Promise<Ade20kResult> {
  const { manifest, grid, size } = grounder;
  const key = await resumeKey(
    "ade20k/1",
    JSON.stringify(manifest),
    JSON.stringify([prompts, options.normalizeAudio]),
  );
  const resume = await ResumeFile.open(
    join(options.resumeFolder, `ade20k-${kind}-${manifest.name}-${key}.jsonl`),
    promptResultSchema,
  );
  let finished = false;
  try {
    const results: PromptResult[] = [];
    for (const prompt of prompts) {
      options.signal?.throwIfAborted();
      let result = resume.get(prompt.id);
      if (!result) await resume.add(result = await measurePrompt(grounder, prompt, options));
      results.push(result);
      options.onProgress?.(results.length, prompts.length, "prompts");
    }
    const segment = (which: keyof PromptResult, variant: "published" | "corrected") =>
      promptedSegmentation(
        prompts.map((prompt, i) => ({
          classId: prompt.classId,
          map: decoded(results[i][which], grid.width * grid.height),
          truth: () => promptTruth(prompt, size),
        })),
        grid,
        size,
        variant,
      );
    const speech = kind === "speech";
    const wordFault = results.find((result) => result.publishedFault)?.publishedFault ?? undefined;
    const published = {
      wholeClip: await segment("wholeClip", "published"),
      word: speech && !wordFault ? await segment("publishedWord", "published") : undefined,
      wordFault,
    };
    const corrected = {
      wholeClip: await segment("wholeClip", "corrected"),
      word: speech ? await segment("correctedWord", "corrected") : undefined,
    };
    finished = true;
    const baseline = await uniformMap(grounder, prompts);
    return { prompts: prompts.length, published, corrected, baseline };
  } finally {
    await resume.close(finished);
  }
}

async function measurePrompt(
  grounder: ClipGrounder,
  prompt: Prompt,
  { normalizeAudio }: PairRunOptions,
): Promise<PromptResult> {
  const input = { published: true, normalizeAudio };
  const { audio, steps } = await encodePairSound(grounder, prompt, input);
  const image = await encodePairPicture(grounder, prompt, input);
  const volume = loudestHead(await grounder.volume(audio, image));
  const result = { id: prompt.id, wholeClip: encoded(meanOverTime(volume, steps)) };
  if (!prompt.word) {
    return { ...result, publishedWord: null, correctedWord: null, publishedFault: null };
  }
  const { onset, offset } = prompt.word;
  const seconds = PUBLISHED_SAMPLES / grounder.manifest.audio.sample_rate;
  const heard = rangeMask(wordSteps(onset, offset, seconds, steps.length), steps.length)
    .map((on, step) => on & steps[step]);
  const correctedWord = encoded(meanOverTime(volume, heard));
  try {
    const range = publishedWordSteps(onset, offset, seconds, steps.length);
    const silenced = volume.map((value, i) => value * steps[Math.floor(i / image.cells)]);
    const publishedWord = encoded(meanOverTime(silenced, rangeMask(range, steps.length)));
    return { ...result, correctedWord, publishedWord, publishedFault: null };
  } catch (fault) {
    if (!(fault instanceof RangeError)) throw fault;
    return { ...result, correctedWord, publishedWord: null, publishedFault: fault.message };
  }
}

async function uniformMap({ size }: ClipGrounder, prompts: readonly Prompt[]): Promise<number> {
  const shares = new Map<number, { sum: number; pictures: number }>();
  for (const prompt of prompts) {
    const truth = await promptTruth(prompt, size);
    const share = shares.get(prompt.classId) ?? { sum: 0, pictures: 0 };
    share.sum += truth.reduce((sum, pixel) => sum + pixel, 0) / truth.length;
    share.pictures++;
    shares.set(prompt.classId, share);
  }
  const shown = [...shares.values()].filter(({ sum }) => sum > 0);
  return shown.reduce((total, { sum, pictures }) => total + sum / pictures, 0) / shown.length;
}

function encoded(map: Float32Array): string | null {
  return Number.isNaN(map[0]) ? null : new Uint8Array(map.buffer).toBase64();
}

function decoded(text: string | null, cells: number): Float32Array {
  return text === null
    ? new Float32Array(cells).fill(NaN)
    : new Float32Array(Uint8Array.fromBase64(text).buffer);
}
