import { resolve } from "node:path";
import { readPicture } from "../../evaluation/datasets/picture.ts";
import { resamplePicture } from "../../evaluation/datasets/resample_picture.ts";
import { readSound } from "../../evaluation/datasets/sound.ts";
import type { HeadKind } from "../../core/head_kind.ts";
import { type Encoders, loadModel } from "../../model/encoders.ts";
import { findModel } from "../../model/find_model.ts";
import { openRuntime } from "../../model/runtime/runtime.ts";
import { codeOf, lookOf, type Part } from "../../model/things/show_thing.ts";
import { checkThings, readBank, type Thing, writeBank } from "../../model/things/thing_bank.ts";
import { UsageError } from "../exit.ts";
import { runtimeConfig, type RuntimeOptions } from "../runtime_options.ts";
import { tableText } from "../table.ts";

/** Options of `whence show`. */
export interface ShowOptions extends RuntimeOptions {
  readonly bank: string;
  readonly pictures?: readonly string[];
  readonly box: string;
  readonly say?: readonly string[];
  readonly sound?: readonly string[];
  readonly list?: boolean;
  readonly remove?: boolean;
  readonly model: string;
}

/** Longest part of a recording that is used, s. */
const LONGEST_SECONDS = 4;

/**
 * Lists a bank, removes a thing from it, or adds one.
 *
 * @throws {UsageError|ModelError|EvaluationError} when options, the bank, the model or a file cannot be used.
 */
export async function show(name: string | undefined, options: ShowOptions): Promise<void> {
  const file = resolve(options.bank);
  if (options.list) return console.log(bankText(await readBank(file)));
  if (name === undefined) throw new UsageError("Cannot show: NAME or --list must be given");
  if (options.remove) return await remove(name, file);
  const kinds = ([["speech", options.say], ["sound", options.sound]] as const)
    .filter(([, files]) => files !== undefined);
  if (!options.pictures || kinds.length === 0) {
    throw new UsageError(
      `Cannot show ${name}: --pictures and one of --say, --sound must be given`,
    );
  }
  const part = parsePart(options.box);
  await using open = await openEncoders(options);
  const { encoders } = open;
  const { manifest } = encoders;
  const known = await exists(file) ? await readBank(file) : [];
  checkThings(file, known, manifest);
  const seen = [];
  for (const path of options.pictures) {
    const { width, height } = manifest.image;
    const picture = resamplePicture(await readPicture(path), { width, height });
    seen.push(await encoders.encodeImages(picture.data, 1));
  }
  const picture = lookOf(seen, part);
  const added: Thing[] = [];
  for (const [kind, files] of kinds) {
    const code = await heardCode(encoders, kind, files!);
    added.push({ name, model: `${manifest.name}@${manifest.version}`, kind, picture, code });
  }
  const replaced = (thing: Thing) =>
    thing.name === name && added.some(({ kind }) => kind === thing.kind);
  await writeBank(file, [...known.filter((thing) => !replaced(thing)), ...added]);
  console.log(`${options.bank}: ${added.map(({ kind }) => `${name} (${kind})`).join(", ")}`);
}

async function heardCode(
  encoders: Encoders,
  kind: HeadKind,
  files: readonly string[],
): Promise<Float32Array> {
  const { audio, heads, name } = encoders.manifest;
  const head = heads.findIndex((head) => head.kind === kind);
  if (head < 0) throw new UsageError(`Cannot show: ${name} has no head of kind ${kind}`);
  const heard = [];
  for (const path of files) {
    const samples = await readSound(path, audio.sample_rate);
    const window = new Float32Array(
      Math.max(audio.min_samples, Math.min(samples.length, LONGEST_SECONDS * audio.sample_rate)),
    );
    window.set(samples.subarray(0, window.length));
    heard.push(await encoders.encodeAudio(window));
  }
  return codeOf(heard, head, heads.length);
}

async function openEncoders(options: ShowOptions) {
  const config = runtimeConfig(options, "show");
  const folder = await findModel(options.model, ".");
  await using stack = new AsyncDisposableStack();
  const runtime = await openRuntime(config, ".");
  stack.defer(() => runtime.close());
  const encoders = await loadModel(folder, runtime);
  stack.defer(() => encoders.release());
  const resources = stack.move();
  return { encoders, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function remove(name: string, file: string): Promise<void> {
  const things = await readBank(file);
  const left = things.filter((thing) => thing.name !== name);
  if (left.length === things.length) {
    const names = [...new Set(things.map((thing) => thing.name))].join(", ") || "nothing";
    throw new UsageError(`Cannot remove ${name}: ${file} has ${names}`);
  }
  await writeBank(file, left);
  console.log(`removed ${name}`);
}

function bankText(things: readonly Thing[]): string {
  if (things.length === 0) return "The bank is empty.";
  return tableText(things.map(({ name, kind, model }) => [name, kind, model]), [
    "left",
    "left",
    "left",
  ]);
}

function parsePart(text: string): Part {
  const values = text.split(",").map(Number);
  const [x1, y1, x2, y2] = values;
  const valid = values.length === 4 && values.every((value) => value >= 0 && value <= 1) &&
    x1 < x2 && y1 < y2;
  if (!valid) throw new UsageError(`Cannot show: --box must be x1,y1,x2,y2 in 0..1, got ${text}`);
  return [x1, y1, x2, y2];
}

async function exists(file: string): Promise<boolean> {
  try {
    await Deno.stat(file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
