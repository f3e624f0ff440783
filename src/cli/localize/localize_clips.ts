import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { inspectWithHints } from "../../capture/inspect_with_hints.ts";
import type { Override } from "../../config/override.ts";
import { fileFaultSync } from "../../core/file_fault.ts";
import { logOf } from "../../core/logger.ts";
import { encodeEvent } from "../../events/event_json.ts";
import { EnginePool } from "../../pipeline/engine_pool.ts";
import { loadPipeline } from "../../pipeline/load.ts";
import type { ProfileName } from "../../mcap/profile_names.ts";
import { type ClipRecord, clipRecordSchema } from "../../record/clip_record.ts";
import { chooseVideoFormat } from "../../record/choose_video_format.ts";
import { reportPage } from "../../record/report.ts";
import { UsageError } from "../exit.ts";
import { interrupted } from "../interrupted.ts";
import { ProgressBar } from "../progress_bar.ts";
import { printFault, printNews } from "../stderr.ts";
import { localizeClip } from "./localize_clip.ts";
import { clipSummary } from "./clip_summary.ts";

/** How clips are localized. */
export interface LocalizeOptions {
  /** Folder of the results. */
  readonly output: string;
  /** Pipeline file whose settings are used; its source and sinks are not. */
  readonly settings?: string;
  readonly set: readonly Override[];
  /** Whether an MCAP file of each clip is written. */
  readonly mcap?: ProfileName;
  /** Whether videos of attention, heads and image features are made. */
  readonly featureVideos?: boolean;
  /** Whether small videos are embedded in the report. */
  readonly embed: boolean;
}

const SHIPPED = fileURLToPath(new URL("../../../pipelines/file.yaml", import.meta.url));
/** Larger videos are linked from the report, not embedded. */
const MOST_EMBEDDED = 24_000_000;

/** One or more clips failed. */
export class LocalizeError extends Error {
  override name = "LocalizeError";
}

/**
 * Localizes clips one after another; prints a summary of each. A clip that fails does not stop the others; one whose results
 * are there for the same settings is not analyzed again.
 *
 * @throws {UsageError} if a file does not exist. @throws {LocalizeError} after all, if any failed.
 */
export async function localizeClips(
  clips: readonly string[],
  { output, settings = SHIPPED, set, embed, mcap, featureVideos = false }: LocalizeOptions,
): Promise<void> {
  for (const clip of clips) {
    const fault = fileFaultSync(clip);
    if (fault !== undefined) throw new UsageError(`Cannot localize ${clip}: ${fault}`);
  }
  const pipeline = await loadPipeline(settings, set);
  const format = await chooseVideoFormat(inspectWithHints);
  const folder = resolve(output);
  await Deno.mkdir(folder, { recursive: true });
  const engines = new EnginePool();
  const names = resultNames(clips);
  using bar = new ProgressBar();
  using stop = interrupted();
  const done: ClipRecord[] = [];
  let failures = 0;
  // Held over all clips, so that the model is loaded once.
  await using engine = await engines.acquire(pipeline.config, pipeline.folder, logOf());
  const model = `${engine.manifest.name}@${engine.manifest.version}`;
  for (const [i, clip] of clips.entries()) {
    const name = names[i];
    const key = await clipKey(clip, [
      model,
      pipeline.config,
      format.extension,
      mcap,
      ...(featureVideos ? ["feature videos"] : []),
    ]);
    const recordFile = join(folder, `${name}.json`);
    const known = await finished(recordFile, folder, key);
    if (known !== undefined) {
      console.log(clipSummary(known, "already localized"));
      done.push(known);
      continue;
    }
    const startedMs = performance.now();
    try {
      const record = await localizeClip({
        clip: resolve(clip),
        name,
        key,
        folder,
        pipeline: { ...pipeline, config: { ...pipeline.config, name: pipelineName(name) } },
        engines,
        format,
        mcap,
        featureVideos,
        signal: stop.signal,
        progress: (what, seconds, of) => {
          if (of === undefined) return;
          bar.show(Math.round(seconds), Math.round(of), `${basename(clip)}: ${what}, s`);
        },
      });
      await writeWhole(recordFile, `${JSON.stringify(record)}\n`);
      bar.clear();
      const seconds = (performance.now() - startedMs) / 1000;
      console.log(
        clipSummary(
          record,
          `${seconds.toFixed(1)} s, ${(record.duration / seconds).toFixed(1)} × live`,
        ),
      );
      done.push(record);
    } catch (error) {
      bar.clear();
      if (stop.signal.aborted) {
        throw new LocalizeError(
          `Stopped: ${done.length} of ${clips.length} clips are finished; run the same command to continue`,
        );
      }
      failures++;
      printFault(`${clip}: ${error instanceof Error ? error.message : error}`);
    }
    await writeResults(folder, done, embed);
  }
  await writeResults(folder, done, embed);
  if (done.length > 0) printNews(`${join(output, "report.html")} shows the results`);
  if (failures > 0) {
    throw new LocalizeError(`Cannot localize ${failures} of ${clips.length} clips`);
  }
}

/** `events.jsonl` and `report.html` of all finished clips. */
async function writeResults(folder: string, done: readonly ClipRecord[], embed: boolean) {
  const lines = done.flatMap(({ messages }) => messages.map((event) => `${encodeEvent(event)}\n`));
  await writeWhole(join(folder, "events.jsonl"), lines.join(""));
  const clips = await Promise.all(done.map(async (record) => ({
    record,
    video: await videoUrl(folder, record.video, embed),
    pictures: Object.fromEntries(
      await Promise.all(
        Object.entries(record.pictures).map(async ([id, file]) =>
          [id, await dataUrl(join(folder, file), "image/jpeg")] as const
        ),
      ),
    ),
  })));
  await writeWhole(join(folder, "report.html"), reportPage(clips));
}

async function videoUrl(folder: string, file: string, embed: boolean): Promise<string> {
  const path = join(folder, file);
  const { size } = await Deno.stat(path);
  if (!embed || size > MOST_EMBEDDED) return encodeURIComponent(file);
  return await dataUrl(path, `video/${extname(file).slice(1)}`);
}

async function dataUrl(path: string, type: string): Promise<string> {
  return `data:${type};base64,${(await Deno.readFile(path)).toBase64()}`;
}

/** Writes a file that is complete or not there. */
async function writeWhole(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.part`, text);
  await Deno.rename(`${path}.part`, path);
}

/** The record of a clip that was finished with the same key. */
async function finished(
  path: string,
  folder: string,
  key: string,
): Promise<ClipRecord | undefined> {
  try {
    const record = clipRecordSchema.parse(JSON.parse(await Deno.readTextFile(path)));
    const { video, feature_videos: views, pictures } = record;
    for (const file of [video, ...views, ...Object.values(pictures)]) {
      await Deno.stat(join(folder, file));
    }
    return record.key === key ? record : undefined;
  } catch {
    // Missing, torn or of another version: it is made again.
    return undefined;
  }
}

async function clipKey(clip: string, settings: unknown): Promise<string> {
  const { size, mtime } = await Deno.stat(clip);
  const text = JSON.stringify([resolve(clip), size, mtime, settings]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex().slice(0, 16);
}

/** File names of the results, without extension; clips of the same name get numbers. */
function resultNames(clips: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return clips.map((clip) => {
    const name = basename(clip, extname(clip));
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
  });
}

/** The nearest name that a pipeline may have. */
function pipelineName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "clip";
}
