import { join } from "node:path";
import type { DenseFeatures } from "./aggregation.ts";
import type { ClipGrounder } from "./clip_grounder.ts";
import { type MeasuredScene, measureScene } from "./measure_scene.ts";
import {
  type EncodedClip,
  encodedClip,
  type PictureScores,
  type RetrievalResult,
  retrievalResult,
  SoundGallery,
} from "./pair_retrieval.ts";
import { ResumeFile, resumeKey } from "./resume_file.ts";
import { type SceneReport, sceneReport } from "./scene_report.ts";
import { type SceneResult, sceneResultSchema } from "./scene_result.ts";
import { isMixture, type Scene, type SceneSet } from "./scene_set.ts";
import { contactSheet, sceneTile } from "./scene_tile.ts";

/** Called as work goes on. */
export type Progress = (done: number, total: number, what: string) => void;

/** How scenes are evaluated. */
export interface SceneRunOptions {
  /** Most matched pairs that retrieval ranks; 0 leaves retrieval out. */
  readonly retrievalPairs: number;
  /** Folder for what is already done. */
  readonly resumeFolder: string;
  /** Folder for contact sheets; none are drawn without it. */
  readonly pictures?: string;
  readonly onProgress?: Progress;
  readonly signal?: AbortSignal;
}

const SHEET = { columns: 3, tiles: 24 };

/**
 * Measures a scene set with a model. A run that was cut off goes on where it stopped, as long as the model, the list of
 * scenes and the version of this evaluation are the same.
 *
 * @throws {EvaluationError} when a file of a scene cannot be used.
 */
export async function evaluateScenes(
  grounder: ClipGrounder,
  set: SceneSet,
  options: SceneRunOptions,
): Promise<SceneReport> {
  const { manifest } = grounder;
  const key = await resumeKey("scenes/1", JSON.stringify(manifest), JSON.stringify(set));
  const resume = await ResumeFile.open(
    join(options.resumeFolder, `scenes-${manifest.name}-${key}.jsonl`),
    sceneResultSchema,
  );
  let finished = false;
  try {
    const chosen = retrievalScenes(set.scenes, options.retrievalPairs);
    const pairs = new Map<string, EncodedPair>();
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
        if (chosen.has(scene.id)) pairs.set(scene.id, pairOf(measured));
        await tiles?.add(measured, grounder);
        if (known === undefined) await resume.add(measured.result);
      }
      const result = resume.get(scene.id);
      if (result) results.push(result);
      options.onProgress?.(results.length, set.scenes.length, "scenes");
    }
    await tiles?.finish();
    const retrieval = pairs.size === 0 ? undefined : await ranked(grounder, pairs, options);
    finished = true;
    return sceneReport(`${manifest.name}@${manifest.version}`, results, retrieval);
  } finally {
    await resume.close(finished);
  }
}

/**
 * Ids of the scenes that retrieval ranks: one target kind, and the first of each target name, since a second picture of
 * the same thing would count as a miss.
 */
function retrievalScenes(scenes: readonly Scene[], limit: number): Set<string> {
  const names = new Set<string>();
  const ids = new Set<string>();
  for (const scene of scenes) {
    if (ids.size >= limit) break;
    const own = new Set(scene.targets.map((target) => target.name));
    if (own.size === 0 || isMixture(scene) || [...own].some((name) => names.has(name))) continue;
    own.forEach((name) => names.add(name));
    ids.add(scene.id);
  }
  return ids;
}

async function ranked(
  grounder: ClipGrounder,
  pairs: ReadonlyMap<string, EncodedPair>,
  { onProgress, signal }: SceneRunOptions,
): Promise<RetrievalResult> {
  const clips = [...pairs.values()];
  const gallery = new SoundGallery(grounder, clips);
  const scores: PictureScores[] = [];
  for (const { image } of clips) {
    signal?.throwIfAborted();
    scores.push(await gallery.score(image));
    onProgress?.(scores.length, clips.length, "retrieval");
  }
  return retrievalResult(scores);
}

interface EncodedPair extends EncodedClip {
  readonly image: DenseFeatures;
}

function pairOf({ audio, image, activeSteps }: MeasuredScene): EncodedPair {
  return { ...encodedClip(audio, activeSteps), image };
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

  /** Whether a scene has no tile yet; one that is there joins the sheets. */
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
  const nothing = `nothing to find, top score ${topScore?.toFixed(2) ?? "unknown"}`;
  return `${found.join(", ") || nothing}  (${pool}/${id})`;
}
