import {
  calibrate,
  CalibrationError,
  type HeadOutcome,
  saveCalibrations,
} from "../../calibration/calibrate.ts";
import type { LogisticMap } from "../../core/logistic.ts";
import { findModel } from "../../model/find_model.ts";
import type { ModelFolder } from "../../model/manifest.ts";
import { UsageError } from "../exit.ts";
import { ProgressBar } from "../progress_bar.ts";
import { runtimeConfig, type RuntimeOptions } from "../runtime_options.ts";
import { tableText } from "../table.ts";
import { modelsFolder } from "./model_folder.ts";

/** Options of `model calibrate`. */
export interface CalibrateCommandOptions extends RuntimeOptions {
  readonly data: string;
  readonly out?: string;
  readonly limit: number;
  readonly dryRun?: boolean;
}

/**
 * Fits each head's map from activation to score on clips, prints the result and, unless it is a dry run, writes it into the
 * model's manifest.
 *
 * @throws {UsageError} when an option is wrong or the folder has too few clips.
 * @throws {CalibrationError} when no head can be calibrated.
 */
export async function calibrateModel(
  name: string,
  options: CalibrateCommandOptions,
): Promise<void> {
  const folder = await findModel(name, ".", modelsFolder(options.out));
  const outcomes = await calibrated(folder, options);
  console.log(reportText(outcomes));
  if (outcomes.every((outcome) => outcome.new === undefined)) {
    const reasons = outcomes.map((outcome, head) => `${label(outcome, head)}: ${outcome.refused}`);
    throw new CalibrationError(`Cannot calibrate ${name}: ${reasons.join("; ")}`);
  }
  if (options.dryRun) {
    console.log("dry run: nothing written");
    return;
  }
  await saveCalibrations(folder, outcomes);
  console.log(`written to ${folder.path}/model.yaml; replaced values are kept there as "previous"`);
}

async function calibrated(
  folder: ModelFolder,
  options: CalibrateCommandOptions,
): Promise<HeadOutcome[]> {
  using bar = new ProgressBar();
  try {
    return await calibrate(folder, {
      data: options.data,
      limit: options.limit,
      runtime: runtimeConfig(options, "calibrate"),
      onProgress: (done, total, what) => bar.show(done, total, what),
    });
  } catch (error) {
    throw error instanceof CalibrationError ? new UsageError(error.message) : error;
  }
}

function reportText(outcomes: readonly HeadOutcome[]): string {
  const rows = [["HEAD", "CLIPS", "STEPS", "MATCHED", "MISMATCHED", "AUC", "OLD", "NEW"]];
  outcomes.forEach((outcome, head) => {
    const { clips, steps, fit, old, refused } = outcome;
    const figures = fit
      ? [fit.matchedMean, fit.mismatchedMean, fit.auc].map((value) => value.toFixed(2))
      : ["-", "-", "-"];
    rows.push([
      label(outcome, head),
      String(clips),
      String(steps),
      ...figures,
      old ? mapText(old) : "-",
      outcome.new ? mapText(outcome.new) : `unchanged: ${refused}`,
    ]);
  });
  return tableText(rows);
}

function label({ kind }: HeadOutcome, head: number): string {
  return `${head} ${kind}`;
}

function mapText({ slope, offset }: LogisticMap): string {
  const sign = offset < 0 ? "-" : "+";
  return `sigmoid(${slope.toPrecision(4)} a ${sign} ${Math.abs(offset).toPrecision(4)})`;
}
