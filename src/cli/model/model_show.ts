import { join } from "node:path";
import { readBuilds } from "../../model/build_record.ts";
import { findModel } from "../../model/find_model.ts";
import { type Manifest, ModelError } from "../../model/manifest.ts";
import { elementCount } from "../../onnx/tensor.ts";
import { type DeclaredValue, type ModelSummary, readModelSummary } from "../../onnx/read_model.ts";
import { measuredFlops } from "../../evaluation/runs/measured_flops.ts";
import { modelBytes } from "./model_list.ts";
import { buildTitle, placementText } from "./placement_text.ts";
import { modelsFolder } from "./model_folder.ts";
import { bytesText, countText, flopsText } from "../../core/quantities.ts";
import { tableText } from "../table.ts";
import { section } from "../text.ts";

/** Everything that a model's files state, as text. */
export async function showText(name: string, out: string | undefined): Promise<string> {
  const { path, manifest } = await findModel(name, ".", modelsFolder(out));
  const { image, audio } = manifest;
  const [imageFile, audioFile] = [image, audio].map(({ file }) => summary(join(path, file)));
  const grid = `${image.grid.width}x${image.grid.height} cells`;
  const parameters = parametersOf(imageFile) + parametersOf(audioFile);
  const flops = image.flops && audio.flops_per_second
    ? { frame: image.flops, second: audio.flops_per_second }
    : await measuredFlops(path, manifest);
  const rate = `${audio.feature_rate.toFixed(2)} features per second`;
  return `${manifest.name}@${manifest.version}  ${manifest.description}\n` +
    section(
      "Model",
      tableText([
        ["folder", path],
        ["size", bytesText(await modelBytes(path, manifest))],
        ["parameters", countText(parameters)],
        ["channels", `${manifest.channels}, ${manifest.channels / manifest.heads.length} per head`],
        ["class token", manifest.class_token ? "yes" : "no"],
        ["license", manifest.license],
        ["source", manifest.source],
        ["self-check", checkText(manifest)],
      ]),
    ) +
    section(
      `Image: ${image.file}`,
      tableText([
        ...boundary(imageFile),
        ["cells", `${image.width}x${image.height} pixels, ${grid}`],
        ["operations", `${flopsText(flops.frame)} per frame`],
        ["graph", graphText(imageFile)],
        ...image.int8 ? [["on CPUs", variantText(image.int8)]] : [],
      ]),
    ) +
    section(
      `Audio: ${audio.file}`,
      tableText([
        ...boundary(audioFile),
        ["time", `${rate}, feature 0 at ${milliseconds(audio.first_feature)}`],
        [
          "receptive field",
          `${
            milliseconds(audio.receptive_field)
          } per feature, at least ${audio.min_samples} samples`,
        ],
        ["operations", `${flopsText(flops.second)} per second of audio`],
        ["graph", graphText(audioFile)],
      ]),
    ) +
    section("Heads", tableText(manifest.heads.map(headRow))).trimEnd() +
    (await buildSections(manifest)).trimEnd();
}

/** What `model build` found out on this machine. */
async function buildSections(manifest: Manifest): Promise<string> {
  const builds = await readBuilds(manifest);
  return builds.map((build) => `\n${section(buildTitle(build), placementText(build))}`).join("");
}

function headRow(head: Manifest["heads"][number], index: number): string[] {
  const { kind, verified, calibration: c } = head;
  const score = c
    ? `score = sigmoid(${c.slope.toPrecision(4)} a ${c.offset < 0 ? "-" : "+"} ${
      Math.abs(c.offset).toPrecision(4)
    }), fitted on ${c.fitted_on}`
    : "not calibrated: scores are relative to running statistics";
  return [String(index), verified ? kind : `${kind} (presumed)`, score];
}

function variantText({ file, relative_l2 }: { file: string; relative_l2: number }): string {
  return `${file}, mostly int8, ${relative_l2} from the float graph (runtime.int8)`;
}

function checkText({ check }: Manifest): string {
  return check ? `${check.precision}, ${check.relative_l2} from plain float32` : "none recorded";
}

function summary(file: string): ModelSummary {
  try {
    return readModelSummary(file);
  } catch (cause) {
    const reason = cause instanceof RangeError ? cause.message : `Cannot read ${file}`;
    throw new ModelError(reason, { cause });
  }
}

function boundary({ inputs, outputs }: ModelSummary): string[][] {
  return [...inputs.map((value) => ["input", valueText(value)])].concat(
    outputs.map((value) => ["output", valueText(value)]),
  );
}

function valueText({ name, type, dims }: DeclaredValue): string {
  return `${name} ${type ?? "?"} [${dims.join(", ")}]`;
}

function graphText({ nodes, opset, constants }: ModelSummary): string {
  return `${nodes} operators, opset ${opset}, ${constants.length} constants`;
}

/** Weights: all constants but shapes and scalars. */
function parametersOf({ constants }: ModelSummary): number {
  return constants.filter(({ type, dims }) => type !== "int64" && dims.length > 0)
    .reduce((sum, { dims }) => sum + elementCount(dims), 0);
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(0)} ms`;
}
