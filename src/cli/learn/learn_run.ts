import { join, relative, resolve } from "node:path";
import type { Adapter } from "../../learning/adapter.ts";
import { isLearnedFrom, modelNameOf, writeAdaptedModel } from "../../learning/adapted_model.ts";
import { checkAdaptedModel } from "../../learning/check_adapted_model.ts";
import { findPython, requireRecipe } from "../../learning/find_python.ts";
import { findRecordings } from "../../learning/find_recordings.ts";
import { LearnError } from "../../learning/learn_error.ts";
import {
  draftOf,
  removeIfThere,
  replaceFolder,
  restoreFolder,
} from "../../learning/replace_folder.ts";
import { storeMoments } from "../../learning/store_moments.ts";
import { trainAdapter } from "../../learning/train_adapter.ts";
import { type Encoders, loadModel } from "../../model/encoders.ts";
import { findModel } from "../../model/find_model.ts";
import { loadManifest, type Manifest, type ModelFolder } from "../../model/manifest.ts";
import { openRuntime } from "../../model/runtime/runtime.ts";
import type { Runtime } from "../../model/runtime/session.ts";
import { UsageError } from "../exit.ts";
import { interrupted } from "../interrupted.ts";
import { ProgressBar } from "../progress_bar.ts";
import { runtimeConfig, type RuntimeOptions } from "../runtime_options.ts";
import { printFault, printNews } from "../stderr.ts";
import { modelCard } from "./model_card.ts";
import { figuresText, meanAuc } from "./learn_text.ts";
import { setUpPython } from "./set_up_python.ts";

/** Options of `whence learn`. */
export interface LearnOptions extends RuntimeOptions {
  readonly from: string;
  readonly out?: string;
  readonly work?: string;
  readonly steps: number;
  readonly setup?: boolean;
}

/** Of a head; fewer held-out moments are measured, but a figure of them says little. */
const FEW_MOMENTS = 20;
/** Training leaves out heads with fewer, as `LEAST_MOMENTS` in models/training/whence_training/learn.py. */
const LEAST_MOMENTS = 4;

/**
 * Learns from recordings: encodes them, trains an adapter, measures it on held-out recordings, and writes a model if it is
 * better than the one it comes from, and than the one it replaces.
 *
 * @throws {UsageError|LearnError|ModelError} in one line; a stopped run continues with the same command.
 */
export async function learn(recordings: string | undefined, options: LearnOptions): Promise<void> {
  if (options.setup) return await setUpPython();
  if (recordings === undefined || options.out === undefined) {
    throw new UsageError("Cannot learn: RECORDINGS and --out must be given, or --setup");
  }
  await requireRecipe();
  const out = resolve(options.out);
  const base = await findModel(options.from, ".");
  requireAdaptable(base.manifest);
  await restoreFolder(out);
  const former = await formerModel(out, base.manifest);
  const found = await findRecordings(recordings);
  const python = await findPython();
  const work = resolve(options.work ?? `${out}.work`);
  await Deno.mkdir(work, { recursive: true });
  using stop = interrupted();
  using bar = new ProgressBar();
  const onProgress = (done: number, total: number, what: string) => bar.show(done, total, what);
  try {
    await using open = await openModel(options, base);
    const stored = await storeMoments(open.encoders, found, {
      work,
      signal: stop.signal,
      onProgress,
    });
    bar.clear();
    for (const { name, reason } of stored.unreadable) printFault(`${name} is left out: ${reason}`);
    printNews(countsText(base.manifest, stored.counts));
    if (stored.counts.every(({ train }) => train < LEAST_MOMENTS)) {
      throw new LearnError(
        `Cannot learn: something must be heard in ${recordings}, got fewer than ${LEAST_MOMENTS} moments of each head`,
      );
    }
    const adapter = await trainAdapter({
      work,
      python,
      steps: options.steps,
      threads: options.threads,
      former: former && join(out, "adapter.json"),
      signal: stop.signal,
      onProgress,
    });
    bar.clear();
    console.log(figuresText(base.manifest, adapter.heads));
    requireBetter(adapter, former);
    const count = (split: string) => found.filter((one) => one.split === split).length;
    const counts = { learned: count("train"), heldOut: count("held_out") };
    const version = (former?.version ?? 0) + 1;
    await writeModel(open, base, adapter, { ...counts, out, work, version });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw new LearnError("Stopped: run the same command to continue");
  }
  const path = relative(".", out);
  const name = path.startsWith("..") ? out : path.startsWith("models/") ? path : `./${path}`;
  console.log(`${path} is written; use it with model: ${name}`);
}

function requireAdaptable({ name, class_token }: Manifest): void {
  if (class_token) {
    throw new UsageError(`Cannot learn from ${name}: models with class tokens are not supported`);
  }
}

/** The model that would be replaced. */
async function formerModel(out: string, base: Manifest): Promise<Manifest | undefined> {
  try {
    await Deno.stat(out);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    await Deno.stat(join(out, "adapter.json"));
    const { manifest } = await loadManifest(out);
    if (isLearnedFrom(manifest.source, base)) return manifest;
  } catch {
    // Refused below.
  }
  throw new UsageError(
    `Cannot learn: --out must be a new folder or a model learned from ${base.name}@${base.version}, got ${out}`,
  );
}

/** @throws {LearnError} if the new model is not better on the held-out recordings. */
function requireBetter({ heads }: Adapter, former: Manifest | undefined): void {
  const after = meanAuc(heads.map((head) => head.after));
  const before = meanAuc(heads.map((head) => head.before));
  const replaced = meanAuc(heads.map((head) => head.former));
  if (after === undefined || before === undefined) {
    throw new LearnError(
      "Cannot learn: the held-out recordings must contain moments that can be compared, got none; record more",
    );
  }
  const few = heads.filter(({ after: { n } }) => n < FEW_MOMENTS);
  if (few.length > 0) {
    printNews(
      `Fewer than ${FEW_MOMENTS} moments of a head are held out: the figures are uncertain`,
    );
  }
  for (
    const [what, auc] of [["the model it comes from", before], [
      "the one in --out",
      replaced,
    ]] as const
  ) {
    if (auc === undefined || after > auc) continue;
    throw new LearnError(
      `Cannot learn: the new model must be better than ${what} on the held-out recordings, got AUC ${
        after.toFixed(3)
      } after and ${auc.toFixed(3)} before; nothing is written${
        former === undefined ? "" : ", and the former model stays"
      }`,
    );
  }
}

interface Open extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly encoders: Encoders;
}

async function openModel(options: LearnOptions, base: ModelFolder): Promise<Open> {
  await using stack = new AsyncDisposableStack();
  const runtime = await openRuntime(runtimeConfig(options, "learn"), ".");
  stack.defer(() => runtime.close());
  const encoders = await loadModel(base, runtime);
  stack.defer(() => encoders.release());
  const resources = stack.move();
  return { runtime, encoders, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

interface WriteOptions {
  readonly out: string;
  readonly work: string;
  readonly version: number;
  readonly learned: number;
  readonly heldOut: number;
}

/** Writes the model beside its place, checks it, and moves it there. */
async function writeModel(
  { runtime, encoders }: Open,
  base: ModelFolder,
  adapter: Adapter,
  { out, work, version, learned, heldOut }: WriteOptions,
): Promise<void> {
  const draft = draftOf(out);
  await removeIfThere(draft);
  await Deno.mkdir(draft, { recursive: true });
  const counts = { learned, heldOut };
  const name = modelNameOf(out);
  await writeAdaptedModel(base, adapter, { folder: draft, name, version, ...counts });
  await Deno.copyFile(join(work, "adapter.json"), join(draft, "adapter.json"));
  const written = await loadModel(await loadManifest(draft), runtime);
  try {
    await checkAdaptedModel(encoders, written, adapter);
  } finally {
    await written.release();
  }
  const { manifest } = await loadManifest(draft);
  await Deno.writeTextFile(
    join(draft, "README.md"),
    modelCard(manifest, base.manifest, adapter, counts),
  );
  await replaceFolder(out);
}

function countsText(
  { heads }: Manifest,
  counts: readonly { readonly train: number; readonly heldOut: number }[],
): string {
  const parts = heads.map(({ kind }, k) =>
    `${kind} ${counts[k].train} and ${counts[k].heldOut} held out`
  );
  return `Moments in which something is heard: ${parts.join(", ")}`;
}
