import { basename, resolve } from "node:path";
import type { LogisticMap } from "../core/logistic.ts";
import type { HeadKind } from "../core/head_kind.ts";
import type { Progress } from "../core/progress.ts";
import type { DenseFeatures } from "../evaluation/clip_features.ts";
import { openGrounder } from "../evaluation/runs/open_grounder.ts";
import { writeCalibrations } from "../model/manifest_file.ts";
import type { Calibration, Manifest, ModelFolder } from "../model/manifest.ts";
import type { RuntimeConfig } from "../model/runtime_schema.ts";
import { type CalibrationClip, findClips } from "./calibration_clips.ts";
import {
  type CalibrationFit,
  type Evidence,
  type EvidenceClip,
  fitEvidence,
  gatherEvidence,
} from "./evidence.ts";
import { heardSteps } from "./heard_steps.ts";

/** Fewer clips than this are too few for a head. */
const LEAST_CLIPS = 8;
/** A head below this does not separate what belongs together from what does not. */
const LEAST_AUC = 0.6;

/** A calibration that cannot be made, in one line. */
export class CalibrationError extends Error {
  override name = "CalibrationError";
}

/** What became of one head. */
export interface HeadOutcome {
  readonly kind: HeadKind;
  /** Clips in which the head hears something. */
  readonly clips: number;
  /** Time steps of matched pairs. */
  readonly steps: number;
  /** Undefined if there are no clips of the head's kind. */
  readonly fit: CalibrationFit | undefined;
  /** Why the head keeps its old calibration; undefined if it gets a new one. */
  readonly refused: string | undefined;
  readonly old: Calibration | undefined;
  readonly new: Calibration | undefined;
}

/** What to calibrate, and on what. */
export interface CalibrateOptions {
  /** Folder with clips, see `findClips`. */
  readonly data: string;
  /** Most clips. */
  readonly limit: number;
  readonly runtime: RuntimeConfig;
  readonly onProgress?: Progress;
}

/**
 * Fits each head's map from activation to probability on clips. Writes nothing; see {@linkcode saveCalibrations}.
 *
 * @returns one outcome a head, in the manifest's order.
 * @throws {CalibrationError} when the folder has no clips, or fewer than 8 of a head's kind.
 * @throws {EvaluationError} when a file of the data cannot be used.
 * @throws {ModelError} when the model or an execution provider is unavailable.
 */
export async function calibrate(
  folder: ModelFolder,
  options: CalibrateOptions,
): Promise<HeadOutcome[]> {
  const { manifest } = folder;
  const clips = await findClips(options.data, options.limit);
  for (const { kind } of manifest.heads) requireClips(manifest, options.data, clips, kind);
  const evidence = await collect(folder, clips, options);
  const source = `${basename(resolve(options.data))}, ${new Date().toISOString().slice(0, 10)}`;
  return manifest.heads.map(({ kind, calibration }, head) =>
    outcome(kind, calibration, evidence[head], source)
  );
}

/**
 * Writes the new calibrations into the model's manifest; each keeps the one it replaces as `previous`.
 *
 * @throws {ModelError} when the folder contains no valid manifest.
 */
export async function saveCalibrations(
  folder: ModelFolder,
  outcomes: readonly HeadOutcome[],
): Promise<void> {
  const calibrations = outcomes.map(({ new: calibration, old }): Calibration | undefined => {
    if (!calibration || !old) return calibration;
    const { previous: _, ...replaced } = old;
    return { ...calibration, previous: replaced };
  });
  await writeCalibrations(folder.path, calibrations);
}

function requireClips(
  { name }: Manifest,
  data: string,
  clips: readonly CalibrationClip[],
  kind: HeadKind,
): void {
  const count = clips.filter(({ heard }) => heard.some((part) => (part.kind ?? kind) === kind))
    .length;
  if (count > 0 && count < LEAST_CLIPS) {
    throw new CalibrationError(
      `Cannot calibrate ${name}: ${data} must contain at least ${LEAST_CLIPS} clips for ${kind}, got ${count}`,
    );
  }
}

async function collect(
  folder: ModelFolder,
  clips: readonly CalibrationClip[],
  { runtime, onProgress }: CalibrateOptions,
): Promise<Evidence[]> {
  await using open = await openGrounder(folder, runtime);
  const { grounder, encoders } = open;
  const { manifest } = folder;
  const fixedSamples = encoders.audio.inputs[0].dims[1];
  const encoded: EvidenceClip<DenseFeatures>[] = [];
  for (const [index, clip] of clips.entries()) {
    onProgress?.(index, clips.length, "encoding clips");
    const { picture, samples } = await clip.load(grounder.size, manifest.audio.sample_rate);
    const used = fixedSamples > 0 ? samples.subarray(0, fixedSamples) : samples;
    const sound = await grounder.encodeSound(used);
    const heard = clip.heard.map((part) => ({
      kind: part.kind,
      steps: heardSteps(part, used, sound.cells, manifest.audio),
    }));
    encoded.push({ picture: await grounder.encodePicture(picture), sound, heard });
  }
  return await gatherEvidence(
    encoded,
    manifest.heads.map(({ kind }) => kind),
    async (sound, picture) => (await grounder.volume(sound, picture)).activation,
    (done) => onProgress?.(done, encoded.length, "comparing pairs"),
  );
}

function outcome(
  kind: HeadKind,
  old: Calibration | undefined,
  evidence: Evidence,
  source: string,
): HeadOutcome {
  const { clips, matched } = evidence;
  const base = { kind, clips, steps: matched.length, old, fit: undefined, new: undefined };
  if (matched.length === 0) return { ...base, refused: "no clips of its kind" };
  const fit = fitEvidence(evidence);
  const refused = refusal(fit);
  if (refused !== undefined) return { ...base, fit, refused };
  const fitted_on = `${clips} clips of ${source}, AUC ${fit.auc.toFixed(2)}`;
  return { ...base, fit, refused, new: { ...rounded(fit), fitted_on } };
}

function refusal({ auc, slope }: CalibrationFit): string | undefined {
  if (auc < LEAST_AUC) {
    return `it does not separate matched from mismatched pairs: AUC must be at least ${LEAST_AUC}, got ${
      auc.toFixed(2)
    }`;
  }
  return slope > 0 ? undefined : "its activation does not rise with a match";
}

function rounded({ slope, offset }: LogisticMap): LogisticMap {
  return { slope: Number(slope.toPrecision(6)), offset: Number(offset.toPrecision(6)) };
}
