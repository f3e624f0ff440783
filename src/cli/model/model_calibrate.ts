import { basename, resolve } from "node:path";
import { runtimeSchema } from "../../model/runtime_schema.ts";
import type { DenseFeatures } from "../../evaluation/metrics/aggregation.ts";
import { ClipGrounder } from "../../evaluation/runs/clip_grounder.ts";
import { type CalibrationFit, fitCalibration } from "../../calibration/calibration_fit.ts";
import { writeCalibrations } from "../../importer/manifest_file.ts";
import { loadModel } from "../../model/encoders.ts";
import { findModel } from "../../model/find_model.ts";
import type { Calibration, Manifest } from "../../model/manifest.ts";
import type { HeadKind } from "../../core/head_kind.ts";
import { openRuntime } from "../../model/runtime/runtime.ts";
import { type CalibrationClip, findClips } from "../../calibration/calibration_clips.ts";
import { UsageError } from "../exit.ts";
import { modelsFolder } from "./model_folder.ts";
import { ProgressBar } from "../progress_bar.ts";
import { columns } from "../text.ts";

/** Options of `model calibrate`. */
export interface CalibrateCommandOptions {
  readonly data: string;
  readonly out?: string;
  readonly limit: number;
  readonly providers: string;
  readonly threads: number;
}

/** Fewer clips than this say nothing about a head. */
const LEAST_CLIPS = 8;
/** Each sound is compared with so many pictures of other clips. */
const MISMATCHES = 8;
/** Steps this far below the clip's loudest are silence. */
const SILENCE_DB = 30;
/** Below this the head hardly tells what belongs together. */
const POOR_AUC = 0.6;

interface EncodedClip {
  readonly kind: HeadKind | undefined;
  readonly image: DenseFeatures;
  readonly audio: DenseFeatures;
  /** 1 on steps where something is heard. */
  readonly active: Uint8Array;
}

/**
 * Fits each head's map from activation to score on clips, matched against mismatched, and writes it
 * into the model's manifest.
 */
export async function calibrateModel(
  name: string,
  options: CalibrateCommandOptions,
): Promise<void> {
  const folder = await findModel(name, ".", modelsFolder(options.out));
  const clips = await findClips(options.data, options.limit);
  const { heads } = folder.manifest;
  for (const { kind } of heads) {
    const count = clips.filter((clip) => (clip.kind ?? kind) === kind).length;
    if (count > 0 && count < LEAST_CLIPS) {
      throw new UsageError(
        `Cannot calibrate ${name}: ${options.data} must hold at least ${LEAST_CLIPS} clips for ${kind}, got ${count}`,
      );
    }
  }
  if (clips.length === 0) {
    throw new UsageError(`Cannot calibrate ${name}: ${options.data} must hold clips, got none`);
  }
  const encoded = await encodeClips(folder, clips, options);
  const fits = heads.map(({ kind }, head) => fitHead(encoded.clips, encoded.score, head, kind));
  const date = new Date().toISOString().slice(0, 10);
  const calibrations = fits.map((fit): Calibration | undefined =>
    fit && fit.slope > 0
      ? {
        slope: Number(fit.slope.toPrecision(6)),
        offset: Number(fit.offset.toPrecision(6)),
        fitted_on: `${fit.clips} clips of ${basename(resolve(options.data))}, ${date}, ` +
          `AUC ${fit.auc.toFixed(2)}`,
      }
      : undefined
  );
  await writeCalibrations(folder.path, calibrations);
  console.log(reportText(folder.manifest, fits));
}

interface HeadFit extends CalibrationFit {
  readonly clips: number;
}

async function encodeClips(
  folder: Awaited<ReturnType<typeof findModel>>,
  clips: readonly CalibrationClip[],
  options: CalibrateCommandOptions,
): Promise<{ clips: EncodedClip[]; score: Map<EncodedClip, Map<EncodedClip, number[]>> }> {
  await using open = new AsyncDisposableStack();
  const config = runtimeSchema.safeParse({
    providers: options.providers.split(","),
    threads: Math.min(options.threads, 64),
  });
  if (!config.success) {
    throw new UsageError(`Cannot calibrate: --providers: ${config.error.issues[0].message}`);
  }
  const runtime = await openRuntime(config.data, ".");
  open.defer(() => runtime.close());
  const encoders = await loadModel(folder, runtime);
  open.defer(() => encoders.release());
  const grounder = await ClipGrounder.create(encoders, runtime);
  open.defer(() => grounder.release());
  const bar = new ProgressBar();
  open.defer(() => bar.clear());
  const { audio } = folder.manifest;
  const fixedSamples = encoders.audio.inputs[0].dims[1];
  const encoded: EncodedClip[] = [];
  for (const [index, clip] of clips.entries()) {
    bar.show(index, clips.length, "encoding clips");
    const { picture, samples } = await clip.load(grounder.size, audio.sample_rate);
    const sound = fixedSamples > 0 ? samples.subarray(0, fixedSamples) : samples;
    const features = await grounder.encodeSound(sound);
    encoded.push({
      kind: clip.kind,
      image: await grounder.encodePicture(picture),
      audio: features,
      active: activeSteps(sound, features.cells, folder.manifest),
    });
  }
  const score = new Map<EncodedClip, Map<EncodedClip, number[]>>();
  for (const [index, clip] of encoded.entries()) {
    bar.show(index, encoded.length, "comparing pairs");
    const values = new Map<EncodedClip, number[]>();
    for (const sound of [clip, ...others(encoded, index)]) {
      const { activation } = await grounder.volume(sound.audio, clip.image);
      values.set(sound, perHead(activation, sound, folder.manifest));
    }
    score.set(clip, values);
  }
  bar.clear();
  return { clips: encoded, score };
}

/** Sounds of other clips of the same kind, spread over the set. */
function others(clips: readonly EncodedClip[], index: number): EncodedClip[] {
  const rest = clips.filter((clip, i) => i !== index && clip.kind === clips[index].kind);
  const count = Math.min(MISMATCHES, rest.length);
  return Array.from(
    { length: count },
    (_, i) => rest[(index + Math.floor(i * rest.length / count)) % rest.length],
  );
}

/** Mean activation of each head over the steps where something is heard. */
function perHead(activation: Float32Array, sound: EncodedClip, manifest: Manifest): number[] {
  const { cells } = sound.audio;
  const heard = sound.active.reduce((sum, on) => sum + on, 0);
  return manifest.heads.map((_, head) => {
    let sum = 0;
    for (let step = 0; step < cells; step++) {
      if (sound.active[step]) sum += activation[head * cells + step];
    }
    return sum / heard;
  });
}

/** Steps whose surroundings are not silence against the clip's loudest; all of a clip of silence. */
function activeSteps(samples: Float32Array, steps: number, { audio }: Manifest): Uint8Array {
  const half = audio.sample_rate / audio.feature_rate / 2;
  const power = Array.from({ length: steps }, (_, step) => {
    const centre = (audio.first_feature + step / audio.feature_rate) * audio.sample_rate;
    const part = samples.subarray(Math.max(0, centre - half), Math.max(0, centre + half));
    return part.reduce((sum, v) => sum + v * v, 0) / Math.max(1, part.length);
  });
  const floor = Math.max(...power) * 10 ** (-SILENCE_DB / 10);
  return Uint8Array.from(power, (p) => p >= floor ? 1 : 0);
}

function fitHead(
  clips: readonly EncodedClip[],
  score: ReadonlyMap<EncodedClip, ReadonlyMap<EncodedClip, readonly number[]>>,
  head: number,
  kind: HeadKind,
): HeadFit | undefined {
  const own = clips.filter((clip) => (clip.kind ?? kind) === kind);
  if (own.length === 0) return undefined;
  const matched: number[] = [];
  const mismatched: number[] = [];
  for (const clip of own) {
    for (const [sound, values] of score.get(clip)!) {
      (sound === clip ? matched : mismatched).push(values[head]);
    }
  }
  return { ...fitCalibration(matched, mismatched), clips: own.length };
}

function reportText(manifest: Manifest, fits: readonly (HeadFit | undefined)[]): string {
  const rows = [["HEAD", "CLIPS", "MATCHED", "MISMATCHED", "AUC", "SCORE"]];
  const warnings: string[] = [];
  fits.forEach((fit, head) => {
    const label = `${head} ${manifest.heads[head].kind}`;
    if (!fit) {
      rows.push([label, "0", "-", "-", "-", "unchanged: no clips of its kind"]);
      return;
    }
    const { slope, offset } = fit;
    const numbers = [fit.matchedMean, fit.mismatchedMean, fit.auc].map((v) => v.toFixed(2));
    const map = `sigmoid(${slope.toPrecision(4)} a ${offset < 0 ? "-" : "+"} ${
      Math.abs(offset).toPrecision(4)
    })`;
    rows.push([label, String(fit.clips), ...numbers, slope > 0 ? map : "unchanged"]);
    if (slope <= 0) {
      warnings.push(`head ${label} does not rise with matched pairs; it was left as it was`);
    } else if (fit.auc < POOR_AUC) {
      warnings.push(`head ${label} hardly tells matched from mismatched (AUC ${numbers[2]})`);
    }
  });
  return [columns(rows), ...warnings.map((warning) => `warning: ${warning}`)].join("\n");
}
