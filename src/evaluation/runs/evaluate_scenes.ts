import { join } from "node:path";
import type { HeadKind } from "../../core/head_kind.ts";
import type { Progress } from "../../core/progress.ts";
import type { DenseFeatures } from "../clip_features.ts";
import type { ClipGrounder } from "./clip_grounder.ts";
import { type MeasuredScene, measureScene } from "./measure_scene.ts";
import {
  type EncodedClip,
  encodedClip,
  type PictureScores,
  retrievalResult,
} from "../metrics/pair_retrieval.ts";
import { ResumeFile, resumeKey } from "./resume_file.ts";
import { type SceneReport, sceneReport, type SceneRetrieval } from "./scene_report.ts";
import { type SceneResult, sceneResultSchema } from "./scene_result.ts";
import { type Scene, type SceneSet, spread } from "../datasets/scene_set.ts";
import { contactSheet, sceneTile } from "./scene_tile.ts";
import { SoundGallery } from "./sound_gallery.ts";

/** Options of an evaluation of scenes. */
export interface SceneRunOptions {
  /** Most matched pairs that retrieval ranks; 0 skips retrieval. */
  readonly retrievalPairs: number;
  /** Folder for results of an interrupted run. */
  readonly resumeFolder: string;
  /** Folder for contact sheets; without it none are drawn. */
  readonly pictures?: string;
  readonly onProgress?: Progress;
  readonly signal?: AbortSignal;
}

const SHEET = { columns: 3, tiles: 24 };

/**
 * Evaluates a model on a scene set. An interrupted run resumes where it stopped if the model, the list of scenes and the
 * version of this evaluation are the same.
 *
 * @throws {EvaluationError} when a file of a scene cannot be used.
 */
export async function evaluateScenes(
  grounder: ClipGrounder,
  set: SceneSet,
  options: SceneRunOptions,
): Promise<SceneReport> {
  const { manifest } = grounder;
  const key = await resumeKey("scenes/2", JSON.stringify(manifest), JSON.stringify(set));
  const resume = await ResumeFile.open(
    join(options.resumeFolder, `scenes-${manifest.name}-${key}.jsonl`),
    sceneResultSchema,
  );
  let finished = false;
  try {
    const chosen = retrievalScenes(set.scenes, options.retrievalPairs);
    const pairs: EncodedPair[] = [];
    const tiles = options.pictures === undefined
      ? undefined
      : await TileFolder.open(options.pictures);
    const results: SceneResult[] = [];
    for (const scene of set.scenes) {
      options.signal?.throwIfAborted();
      const known = resume.get(scene.id);
      const needed = known === undefined || chosen.has(scene.id) ||
        await tiles?.misses(scene.id);
      if (needed) {
        const measured = await measureScene(grounder, set.folder, scene);
        if (chosen.has(scene.id)) pairs.push(pairOf(scene, measured));
        await tiles?.add(measured, grounder);
        if (known === undefined) await resume.add(measured.result);
      }
      const result = resume.get(scene.id);
      if (result) results.push(result);
      options.onProgress?.(results.length, set.scenes.length, "scenes");
    }
    await tiles?.finish();
    const retrieval = pairs.length === 0 ? undefined : await ranked(grounder, pairs, options);
    finished = true;
    return sceneReport(`${manifest.name}@${manifest.version}`, results, retrieval);
  } finally {
    await resume.close(finished);
  }
}

/**
 * Ids of the scenes that retrieval ranks: those with one kind of target, and the first of each target name, because a
 * second picture of the same thing would count as a miss.
 */
function retrievalScenes(scenes: readonly Scene[], limit: number): Set<string> {
  const names = new Set<string>();
  const candidates = scenes.filter((scene) => {
    const own = new Set(scene.targets.map((target) => target.name));
    if (kindOf(scene) === undefined || [...own].some((name) => names.has(name))) return false;
    own.forEach((name) => names.add(name));
    return true;
  });
  return new Set(spread(candidates, limit).map(({ id }) => id));
}

function kindOf({ targets }: Scene): HeadKind | undefined {
  const kinds = new Set(targets.map((target) => target.kind));
  return kinds.size === 1 ? targets[0].kind : undefined;
}

async function ranked(
  grounder: ClipGrounder,
  pairs: readonly EncodedPair[],
  { onProgress, signal }: SceneRunOptions,
): Promise<SceneRetrieval> {
  const gallery = new SoundGallery(grounder, pairs);
  const scores: PictureScores[] = [];
  for (const { image } of pairs) {
    signal?.throwIfAborted();
    scores.push(await gallery.score(image));
    onProgress?.(scores.length, pairs.length, "retrieval");
  }
  const of = (kind: HeadKind) =>
    retrievalResult(scores, [...pairs.keys()].filter((i) => pairs[i].kind === kind));
  return { all: retrievalResult(scores), sound: of("sound"), speech: of("speech") };
}

interface EncodedPair extends EncodedClip {
  readonly kind: HeadKind | undefined;
  readonly image: DenseFeatures;
}

function pairOf(scene: Scene, { audio, image, activeSteps }: MeasuredScene): EncodedPair {
  return { ...encodedClip(audio, activeSteps), image, kind: kindOf(scene) };
}

class TileFolder {
  readonly #folder: string;
  readonly #tiles: string[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<TileFolder> {
    await Deno.mkdir(join(folder, "scenes"), { recursive: true });
    return new TileFolder(folder);
  }

  /** Whether a scene has no tile yet; an existing tile is added to the sheets. */
  async misses(id: string): Promise<boolean> {
    try {
      await Deno.stat(this.#path(id));
    } catch {
      return true;
    }
    this.#tiles.push(this.#path(id));
    return false;
  }

  async add({ result, picture, masks, headMaps }: MeasuredScene, grounder: ClipGrounder) {
    const tile = await sceneTile({
      caption: caption(result),
      picture,
      masks,
      heads: grounder.manifest.heads.map(({ kind }, head) => ({ kind, map: headMaps[head] })),
      grid: grounder.grid,
    });
    await Deno.writeFile(this.#path(result.id), tile);
    if (!this.#tiles.includes(this.#path(result.id))) this.#tiles.push(this.#path(result.id));
  }

  async finish(): Promise<void> {
    for (let first = 0; first < this.#tiles.length; first += SHEET.tiles) {
      const sheet = await contactSheet(
        this.#tiles.slice(first, first + SHEET.tiles),
        SHEET.columns,
      );
      const number = String(first / SHEET.tiles + 1).padStart(3, "0");
      await Deno.writeFile(join(this.#folder, `sheet-${number}.png`), sheet);
    }
  }

  #path(id: string): string {
    return join(this.#folder, "scenes", `${id.replace(/[^\w.-]/g, "_")}.png`);
  }
}

function caption({ id, pool, targets, topScore }: SceneResult): string {
  const found = targets.map((target) =>
    `${(target.hit ?? target.hitAnyHead) ? "hit" : "miss"}: ${target.kind} ${target.name}`
  );
  const nothing = `no target, highest score ${topScore?.toFixed(2) ?? "unknown"}`;
  return `${found.join(", ") || nothing}  (${pool}/${id})`;
}
