import { join } from "node:path";
import { z } from "zod";
import type { ClipGrounder } from "./clip_grounder.ts";
import { type Disentanglement, disentanglement } from "../metrics/disentanglement.ts";
import { encodePairPicture, encodePairSound } from "./encode_pair.ts";
import type { Progress } from "../../core/progress.ts";
import { headMeans } from "../metrics/head_means.ts";
import { globalVector, headProducts } from "../metrics/global_vectors.ts";
import {
  type EncodedClip,
  type RetrievalResult,
  retrievalResult,
} from "../metrics/pair_retrieval.ts";
import type { PairSet } from "../datasets/pair_set.ts";
import { EvaluationError } from "../evaluation_error.ts";
import { ResumeFile, resumeKey } from "./resume_file.ts";
import { SoundGallery } from "./sound_gallery.ts";

/** Options of an evaluation of pairs. */
export interface PairRunOptions {
  /** Normalize audio to zero mean and unit variance, as the original's validation does. */
  readonly normalizeAudio: boolean;
  /** Folder for results of an interrupted run. */
  readonly resumeFolder: string;
  readonly onProgress?: Progress;
  readonly signal?: AbortSignal;
}

const scoresSchema = z.object({
  id: z.string(),
  dense: z.array(z.number()),
  global: z.array(z.number()),
});

/**
 * Cross-modal retrieval over a set of pairs (paper). Sounds stay in memory while pictures are streamed, so memory does not
 * grow with the number of pictures. A resumed run encodes the sounds again, but no picture twice.
 */
export async function evaluateRetrieval(
  grounder: ClipGrounder,
  set: PairSet,
  options: PairRunOptions,
): Promise<RetrievalResult> {
  const input = { published: set.published, normalizeAudio: options.normalizeAudio };
  const clips: EncodedClip[] = [];
  for (const pair of set.pairs) {
    options.signal?.throwIfAborted();
    clips.push(await encodePairSound(grounder, pair, input));
    options.onProgress?.(clips.length, set.pairs.length, `${set.name} sounds`);
  }
  const gallery = new SoundGallery(grounder, clips);
  const scores = await resumable("retrieval", grounder, [set], options, async (pair) => ({
    id: pair.id,
    ...plain(await gallery.score(await encodePairPicture(grounder, pair, input))),
  }));
  return retrievalResult(scores);
}

/** Disentanglement by dense heads and by global vectors, and the number of clips. */
export interface DisentanglementResult {
  readonly speech: number;
  readonly sound: number;
  readonly dense: Disentanglement;
  readonly global: Disentanglement;
}

/**
 * How well the heads separate words from sounds (paper): pairs with words against pairs with sounds.
 *
 * @throws {EvaluationError} when words or sounds are missing, or the model has one head.
 */
export async function evaluateDisentanglement(
  grounder: ClipGrounder,
  sets: readonly PairSet[],
  options: PairRunOptions,
): Promise<DisentanglementResult> {
  const heads = grounder.manifest.heads.length;
  const kinds = new Map(sets.flatMap((set) => set.pairs.map((pair) => [pair.id, pair.kind])));
  const rows = await resumable("disentanglement", grounder, sets, options, async (pair, set) => {
    const input = { published: set.published, normalizeAudio: options.normalizeAudio };
    const { audio, steps, vector } = await encodePairSound(grounder, pair, input);
    const image = await encodePairPicture(grounder, pair, input);
    const { activation } = await grounder.volume(audio, image);
    return {
      id: pair.id,
      dense: headMeans(activation, steps),
      global: headProducts(vector, globalVector(image), heads),
    };
  });
  const of = (kind: string) => rows.filter((row) => kinds.get(row.id) === kind);
  const [words, sounds] = [of("speech"), of("sound")];
  const dense = disentanglement(words.map((row) => row.dense), sounds.map((row) => row.dense));
  const global = disentanglement(words.map((row) => row.global), sounds.map((row) => row.global));
  if (!dense || !global) {
    throw new EvaluationError(
      `Cannot compute disentanglement: it needs two heads or more, words and sounds, ` +
        `got ${heads} heads, ${words.length} clips with words, ${sounds.length} with sounds`,
    );
  }
  return { speech: words.length, sound: sounds.length, dense, global };
}

async function resumable(
  what: string,
  grounder: ClipGrounder,
  sets: readonly PairSet[],
  options: PairRunOptions,
  score: (pair: PairSet["pairs"][number], set: PairSet) => Promise<z.infer<typeof scoresSchema>>,
) {
  const { manifest } = grounder;
  const key = await resumeKey(
    `${what}/1`,
    JSON.stringify(manifest),
    JSON.stringify([sets, options.normalizeAudio]),
  );
  const path = join(options.resumeFolder, `${what}-${manifest.name}-${key}.jsonl`);
  const resume = await ResumeFile.open(path, scoresSchema);
  const rows: z.infer<typeof scoresSchema>[] = [];
  const total = sets.reduce((sum, set) => sum + set.pairs.length, 0);
  let finished = false;
  try {
    for (const set of sets) {
      for (const pair of set.pairs) {
        options.signal?.throwIfAborted();
        let row = resume.get(pair.id);
        if (!row) await resume.add(row = await score(pair, set));
        rows.push(row);
        options.onProgress?.(rows.length, total, "pairs");
      }
    }
    finished = true;
  } finally {
    await resume.close(finished);
  }
  return rows;
}

function plain({ dense, global }: { dense: ArrayLike<number>; global: ArrayLike<number> }) {
  return { dense: Array.from(dense), global: Array.from(global) };
}
