import { join } from "node:path";
import type { ClipVolume, DenseFeatures } from "../clip_features.ts";
import { averagePrecision } from "../metrics/average_precision.ts";
import type { Manifest } from "../../model/manifest.ts";
import type { ClipGrounder } from "./clip_grounder.ts";
import { globalVector, headProducts } from "../metrics/global_vectors.ts";
import { headMeans } from "../metrics/head_means.ts";
import { meanOverTime, peakIndex, scaledAlone } from "../metrics/heat_map.ts";
import { ThresholdCounts } from "../metrics/iou.ts";
import { loudestHead } from "../metrics/loudest_head.ts";
import { EvaluationError } from "../evaluation_error.ts";
import { type Picture, readMask, readPicture } from "../datasets/picture.ts";
import { resamplePicture } from "../datasets/resample_picture.ts";
import { probability } from "../../core/logistic.ts";
import { resizeBilinear, type Size } from "../../core/resize_bilinear.ts";
import {
  COMMON_THRESHOLDS,
  type HeadScores,
  type SceneResult,
  type TargetResult,
} from "./scene_result.ts";
import { isMixture, type Scene, type SceneTarget } from "../datasets/scene_set.ts";
import { readSound } from "../datasets/sound.ts";
import { stepsBetween, stepsDuring } from "../metrics/time_mask.ts";

/** A measured scene and the data that the measurement used. */
export interface MeasuredScene {
  readonly result: SceneResult;
  readonly picture: Picture;
  readonly audio: DenseFeatures;
  readonly image: DenseFeatures;
  /** 1 on the steps during which a target is heard; on all steps of a negative. */
  readonly activeSteps: Uint8Array;
  /** One `[h, w]` per head: mean over the active steps. */
  readonly headMaps: readonly Float32Array[];
  /** Masks of the targets, of the picture's size. */
  readonly masks: readonly Uint8Array[];
}

/**
 * Runs the model on one scene and measures it. The picture is stretched to the model's size; maps are interpolated back
 * to the picture's own size, which the masks have.
 *
 * @throws {EvaluationError} when a file of the scene cannot be used.
 */
export async function measureScene(
  grounder: ClipGrounder,
  folder: string,
  scene: Scene,
): Promise<MeasuredScene> {
  const { sample_rate } = grounder.manifest.audio;
  const picture = await readPicture(join(folder, scene.image));
  const audio = await grounder.encodeSound(await readSound(join(folder, scene.audio), sample_rate));
  const image = await grounder.encodePicture(resamplePicture(picture, grounder.size));
  const clip = await grounder.volume(audio, image);
  const masks = await Promise.all(
    scene.targets.map((target) => sceneMask(join(folder, target.mask), picture)),
  );
  const targets: TargetResult[] = [];
  for (const [i, target] of scene.targets.entries()) {
    const objects = await objectMasks(folder, scene, target, masks[i], picture);
    targets.push(measureTarget(grounder, clip, target, masks[i], objects, picture));
  }
  const activeSteps = active(grounder, scene, clip.steps);
  const result: SceneResult = {
    id: scene.id,
    pool: scene.pool,
    mixture: isMixture(scene),
    targets,
    headScores: headScores(scene, clip, audio, image, activeSteps),
    topScore: scene.targets.length === 0 ? topScore(grounder, clip) : null,
    heardAlone: heardAlone(grounder.manifest, clip, audio),
  };
  const headMaps = Array.from(
    { length: clip.heads },
    (_, head) => meanOverTime(loudestHead(clip, [head]), activeSteps),
  );
  return { result, picture, audio, image, activeSteps, headMaps, masks };
}

function measureTarget(
  { manifest, grid }: ClipGrounder,
  clip: ClipVolume,
  target: SceneTarget,
  mask: Uint8Array,
  objects: readonly Uint8Array[],
  size: Size,
): TargetResult {
  const steps = stepsBetween(target.onset, target.offset, manifest.audio, clip.steps);
  const mapOf = (heads: readonly number[]) =>
    resizeBilinear(meanOverTime(loudestHead(clip, heads), steps), grid, size);
  const all = [...manifest.heads.keys()];
  const own = all.filter((head) => manifest.heads[head].kind === target.kind);
  const hitAnyHead = mask[peakIndex(mapOf(all))] === 1;
  const area = mask.reduce((sum, pixel) => sum + pixel, 0) / mask.length;
  const choice = objects.length > 1 ? 1 / objects.length : null;
  const base = { kind: target.kind, name: target.name, hitAnyHead, chance: { area, choice } };
  if (own.length === 0) return { ...base, hit: null, chosen: null, ap: null, ious: null };
  const map = mapOf(own);
  const counts = new ThresholdCounts(COMMON_THRESHOLDS);
  counts.add(scaledAlone(map), mask);
  return {
    ...base,
    hit: mask[peakIndex(map)] === 1,
    chosen: objects.length > 1 ? standsOut(map, objects) : null,
    ap: averagePrecision(map, mask),
    ious: [...counts.ious()],
  };
}

/** Whether the first mask contains a higher peak than every other. */
function standsOut(map: Float32Array, masks: readonly Uint8Array[]): boolean {
  const [own, ...others] = masks.map((mask) =>
    map.reduce((peak, value, i) => mask[i] ? Math.max(peak, value) : peak, -Infinity)
  );
  return others.every((other) => own > other);
}

function active({ manifest }: ClipGrounder, { targets }: Scene, steps: number): Uint8Array {
  return targets.length === 0
    ? new Uint8Array(steps).fill(1)
    : stepsDuring(targets, manifest.audio, steps);
}

function headScores(
  { targets }: Scene,
  clip: ClipVolume,
  audio: DenseFeatures,
  image: DenseFeatures,
  steps: Uint8Array,
): HeadScores | null {
  const kinds = new Set(targets.map((target) => target.kind));
  if (kinds.size !== 1) return null;
  const dense = headMeans(clip.activation, steps);
  const global = headProducts(globalVector(audio, steps), globalVector(image), clip.heads);
  return { kind: targets[0].kind, dense, global };
}

function topScore({ manifest }: ClipGrounder, clip: ClipVolume): number | null {
  let top: number | null = null;
  for (const [head, { calibration }] of manifest.heads.entries()) {
    if (!calibration) continue;
    const row = clip.activation.subarray(head * clip.steps, (head + 1) * clip.steps);
    top = Math.max(top ?? 0, probability(calibration, Math.max(...row)));
  }
  return top;
}

/** Seconds for which something must be heard, and the score below which nothing in the picture matches. */
const HEARD_SECONDS = 0.3;
const MATCH_SCORE = 0.4;

/** The highest presence that lasts while nothing in the picture matches; as `detect.unlocated` with its defaults counts it. */
function heardAlone(
  { heads, audio }: Manifest,
  { activation, steps }: ClipVolume,
  { presence }: DenseFeatures,
): number | null {
  if (presence === undefined) return null;
  const least = Math.ceil(HEARD_SECONDS * audio.feature_rate);
  let top: number | null = null;
  for (const [head, { calibration }] of heads.entries()) {
    if (!calibration) continue;
    const alone = Array.from({ length: steps }, (_, t) => {
      const matches = probability(calibration, activation[head * steps + t]) >= MATCH_SCORE;
      return matches ? 0 : presence[head * steps + t];
    });
    for (let t = 0; t + least <= steps; t++) {
      top = Math.max(top ?? 0, Math.min(...alone.slice(t, t + least)));
    }
  }
  return top;
}

async function sceneMask(file: string, picture: Size): Promise<Uint8Array> {
  const { width, height, data } = await readMask(file);
  if (width !== picture.width || height !== picture.height) {
    throw new EvaluationError(
      `Cannot use the mask ${file}: it must be ${picture.width} x ${picture.height} like its picture, ` +
        `got ${width} x ${height}`,
    );
  }
  if (!data.includes(1)) {
    throw new EvaluationError(
      `Cannot use the mask ${file}: it must contain white pixels, got none`,
    );
  }
  return data;
}

/** Masks of all objects that have one, the target's first. */
async function objectMasks(
  folder: string,
  { objects }: Scene,
  target: SceneTarget,
  mask: Uint8Array,
  picture: Size,
): Promise<Uint8Array[]> {
  const others = objects.filter((object) =>
    object.mask !== undefined && object.mask !== target.mask && object.name !== target.name
  );
  const masks = others.map((object) => sceneMask(join(folder, object.mask as string), picture));
  return [mask, ...await Promise.all(masks)];
}
