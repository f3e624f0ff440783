import { resolve } from "node:path";
import { readPicture } from "../../evaluation/datasets/picture.ts";
import { resamplePicture } from "../../evaluation/datasets/resample_picture.ts";
import { readSound } from "../../evaluation/datasets/sound.ts";
import type { FitGeometry } from "../../core/fit_geometry.ts";
import type { Encoders, ImageFeatures } from "../../model/encoders.ts";
import { findModel } from "../../model/find_model.ts";
import { openEncoders } from "../../model/open_encoders.ts";
import { codeLength, codeOf, lookOf, type Part } from "../../model/things/show_thing.ts";
import {
  checkThings,
  mergeThings,
  readBankIfAny,
  type Thing,
  writeBank,
} from "../../model/things/thing_bank.ts";
import { UsageError } from "../exit.ts";
import { runtimeConfig, type RuntimeOptions } from "../runtime_options.ts";
import { printNews } from "../stderr.ts";
import { exportThings, importThings, listThings, removeThing } from "./keep_bank.ts";
import { watchSource } from "./watch_source.ts";

/** Options of `whence show`. */
export interface ShowOptions extends RuntimeOptions {
  readonly bank: string;
  readonly source?: string;
  readonly audio?: string;
  readonly start: number;
  readonly for: number;
  readonly pictures?: readonly string[];
  readonly box: string;
  /** Files, or true: heard while the source is watched. */
  readonly say?: readonly string[] | true;
  readonly sound?: readonly string[] | true;
  readonly list?: boolean;
  readonly remove?: boolean;
  readonly export?: string;
  readonly import?: string;
  readonly model: string;
}

/** Longest part of a recording that is used, s. */
const LONGEST_SECONDS = 4;
/** A source below this peak, about -50 dBFS, is silent. */
const LEAST_PEAK = 0.003;

/**
 * Lists, exports or imports a bank, removes a thing from it, or adds one.
 *
 * @throws {UsageError|ModelError|CaptureError|EvaluationError} when options, the bank, the model or a file cannot be used.
 */
export async function show(name: string | undefined, options: ShowOptions): Promise<void> {
  const file = resolve(options.bank);
  if (options.list) return await listThings(file);
  if (options.import !== undefined) {
    return await importThings(options.import, file, await readBankIfAny(file));
  }
  if (options.export !== undefined) return await exportThings(name, file, options.export);
  if (name === undefined) {
    throw new UsageError("Cannot show: NAME, --list, --export or --import must be given");
  }
  if (options.remove) return await removeThing(name, file);
  await addThing(name, file, options);
}

async function addThing(name: string, file: string, options: ShowOptions): Promise<void> {
  const kinds = kindsOf(name, options);
  const part = parsePart(options.box);
  const config = runtimeConfig(options, "show");
  await using open = await openEncoders(await findModel(options.model, "."), config);
  const { encoders } = open;
  const { manifest } = encoders;
  const known = await readBankIfAny(file);
  checkThings(file, known, manifest);
  const listens = kinds.some(([, files]) => files === true);
  const view = options.source === undefined
    ? await picturesView(encoders, options.pictures!, part)
    : await sourceView(encoders, options.source, part, listens, options);
  const picture = lookOf(view.seen, view.part);
  const added: Thing[] = [];
  for (const [kind, files] of kinds) {
    const heard = files === true
      ? [view.samples]
      : await Promise.all(files.map((path) => readSound(path, manifest.audio.sample_rate)));
    if (files === true && view.samples.every((sample) => Math.abs(sample) < LEAST_PEAK)) {
      throw new UsageError(
        `Cannot show ${name}: ${options.audio ?? options.source} must not be silent`,
      );
    }
    const head = manifest.heads.findIndex((head) => head.kind === kind);
    if (head < 0) throw new UsageError(`Cannot show: ${manifest.name} has no head of kind ${kind}`);
    const code = await heardCode(encoders, head, heard);
    const length = codeLength(view.seen, head, manifest.heads.length);
    added.push({
      name,
      model: `${manifest.name}@${manifest.version}`,
      kind,
      picture,
      code,
      length,
    });
  }
  await writeBank(file, mergeThings(known, added));
  console.log(`${options.bank}: ${added.map(({ kind }) => `${name} (${kind})`).join(", ")}`);
}

/** How the thing is heard: of each kind the files, or true for the source. */
function kindsOf(name: string, { source, pictures, say, sound }: ShowOptions) {
  const kinds = ([["speech", say], ["sound", sound]] as const)
    .flatMap(([kind, files]) => files === undefined ? [] : [[kind, files] as const]);
  if ((source === undefined) === (pictures === undefined) || kinds.length === 0) {
    throw new UsageError(
      `Cannot show ${name}: --source or --pictures, and one of --say, --sound must be given`,
    );
  }
  const listening = kinds.filter(([, files]) => files === true);
  if (listening.length > 0 && source === undefined) {
    throw new UsageError(`Cannot show ${name}: --say and --sound need files without --source`);
  }
  if (listening.length > 1) {
    throw new UsageError(
      `Cannot show ${name}: --say and --sound must not both be heard at once; give one of them files`,
    );
  }
  return kinds;
}

/** What was seen, and where the thing is in it. */
interface View {
  readonly seen: readonly ImageFeatures[];
  readonly part: Part;
  readonly samples: Float32Array;
}

async function picturesView(
  encoders: Encoders,
  files: readonly string[],
  part: Part,
): Promise<View> {
  const { width, height } = encoders.manifest.image;
  const seen = [];
  for (const path of files) {
    const picture = resamplePicture(await readPicture(path), { width, height });
    seen.push(await encoders.encodeImages(picture.data, 1));
  }
  return { seen, part, samples: new Float32Array() };
}

async function sourceView(
  encoders: Encoders,
  source: string,
  part: Part,
  listens: boolean,
  options: ShowOptions,
): Promise<View> {
  const { audio, start, for: seconds } = options;
  const opened = () =>
    printNews(`Watching for ${seconds} s${start > 0 ? `, ${start} s from now` : ""}`);
  const watch = { source, audio, listens, start, seconds, opened };
  const { pictures, geometry, samples } = await watchSource(watch, encoders.manifest);
  const seen = [];
  for (const picture of pictures) seen.push(await encoders.encodeImages(picture, 1));
  return { seen, part: fitted(part, geometry), samples };
}

/** A part of the source's picture as a part of the model's. */
function fitted([x1, y1, x2, y2]: Part, { scaleX, scaleY, offsetX, offsetY }: FitGeometry): Part {
  return [
    x1 * scaleX + offsetX,
    y1 * scaleY + offsetY,
    x2 * scaleX + offsetX,
    y2 * scaleY + offsetY,
  ];
}

async function heardCode(
  encoders: Encoders,
  head: number,
  recordings: readonly Float32Array[],
): Promise<Float32Array> {
  const { audio, heads } = encoders.manifest;
  const heard = [];
  for (const samples of recordings) {
    const window = new Float32Array(
      Math.max(audio.min_samples, Math.min(samples.length, LONGEST_SECONDS * audio.sample_rate)),
    );
    window.set(samples.subarray(0, window.length));
    heard.push(await encoders.encodeAudio(window));
  }
  return codeOf(heard, head, heads.length);
}

function parsePart(text: string): Part {
  const values = text.split(",").map(Number);
  const [x1, y1, x2, y2] = values;
  const valid = values.length === 4 && values.every((value) => value >= 0 && value <= 1) &&
    x1 < x2 && y1 < y2;
  if (!valid) throw new UsageError(`Cannot show: --box must be x1,y1,x2,y2 in 0..1, got ${text}`);
  return [x1, y1, x2, y2];
}
