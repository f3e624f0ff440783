import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { logOf } from "../../core/logger.ts";
import { composePipeline } from "../../pipeline/compose.ts";
import type { EnginePool } from "../../pipeline/engine_pool.ts";
import type { LoadedPipeline } from "../../pipeline/load.ts";
import { ClipCollector, type ClipFindings } from "../../record/clip_findings.ts";
import { type ClipMaps, MapCollector } from "../../record/clip_maps.ts";
import { type ClipRecord, clipRecord } from "../../record/clip_record.ts";
import { clipEvents } from "../../record/clip_times.ts";
import { type ClipFrame, writeClipVideo } from "../../record/clip_video.ts";
import { drawEventPicture } from "../../record/event_picture.ts";
import { FEATURE_VIEWS, featurePainter } from "../../record/feature_videos.ts";
import { writeOverlayVideo } from "../../record/overlay_video.ts";
import { RecordError } from "../../record/gst_process.ts";
import type { VideoFormat } from "../../record/video_format.ts";
import type { ProfileName } from "../../mcap/profile_names.ts";
import { ClipMcap } from "./clip_mcap.ts";

/** One clip to localize. */
export interface ClipTask {
  /** Path of the clip. */
  readonly clip: string;
  /** Name of its results. */
  readonly name: string;
  readonly key: string;
  readonly folder: string;
  readonly pipeline: LoadedPipeline;
  readonly engines: EnginePool;
  readonly format: VideoFormat;
  /** Whether an MCAP file is written too. */
  readonly mcap: ProfileName | undefined;
  /** Whether videos of attention, heads and image features are made too. */
  readonly featureVideos: boolean;
  readonly signal: AbortSignal;
  /** Called with the seconds that are done of a part of the work. */
  readonly progress: (
    what: "analyzing" | "drawing" | "drawing features",
    seconds: number,
    of?: number,
  ) => void;
}

/**
 * Analyzes a clip, and writes its video and its events' pictures.
 *
 * @throws {CaptureError|ModelError|RecordError} when it cannot be read or the video not be made.
 */
export async function localizeClip(task: ClipTask): Promise<ClipRecord> {
  const { clip, name, key, folder, format, signal, progress } = task;
  await using mcap = task.mcap
    ? await ClipMcap.create(join(folder, `${name}.mcap`), task.pipeline.config.name, task.mcap)
    : undefined;
  const { findings, maps } = await analyze(task, mcap);
  const video = `${name}.overlay.${format.extension}`;
  const pictures = new EventPictures(findings, folder, name);
  const total = (findings.steps.at(-1)?.step.ptsNs ?? 0) / 1e9;
  await writeOverlayVideo(clip, findings, join(folder, video), {
    format,
    signal,
    progress: (seconds) => progress("drawing", seconds, total),
    frame: async (frame) => {
      await pictures.take(frame);
      await mcap?.picture(frame, findings);
    },
  });
  await mcap?.finish();
  const featureVideos = maps ? await writeFeatureVideos(task, findings, maps) : [];
  return clipRecord(findings, {
    key,
    clip: basename(clip),
    video,
    feature_videos: featureVideos,
    pictures: pictures.files,
  });
}

/** Returns the file names. */
async function writeFeatureVideos(
  { clip, name, folder, format, signal, progress }: ClipTask,
  { description, steps }: ClipFindings,
  maps: ClipMaps,
): Promise<string[]> {
  const total = FEATURE_VIEWS.length * (steps.at(-1)?.step.ptsNs ?? 0) / 1e9;
  const files: string[] = [];
  for (const [i, view] of FEATURE_VIEWS.entries()) {
    const file = `${name}.${view}.${format.extension}`;
    await writeClipVideo(clip, featurePainter(view, description, maps), join(folder, file), {
      format,
      signal,
      progress: (seconds) =>
        progress("drawing features", i * total / FEATURE_VIEWS.length + seconds, total),
    });
    files.push(file);
  }
  return files;
}

interface Analysis {
  readonly findings: ClipFindings;
  /** What feature videos are made from. */
  readonly maps: ClipMaps | undefined;
}

async function analyze(
  { clip, pipeline, engines, featureVideos, signal, progress }: ClipTask,
  mcap: ClipMcap | undefined,
): Promise<Analysis> {
  const { config, folder } = pipeline;
  const source = {
    ...config.source,
    uri: pathToFileURL(clip).href,
    video: undefined,
    audio: undefined,
    graph: undefined,
    pace: "fast" as const,
  };
  const log = logOf(config.name);
  // Feature videos show each frame's own features.
  const window = featureVideos ? { ...config.window, reuse_frames: false } : config.window;
  const run = composePipeline({ ...config, source, window }, {
    folder,
    engines,
    sinks: [],
    log: (level, message, fields) => {
      if (level === "warning") log(level, message, fields);
    },
  });
  let duration: number | undefined;
  using _description = run.telemetry.listen(["description"], (told) => {
    if (told.topic === "description") duration = told.message.duration;
  });
  using collector = new ClipCollector(
    run.telemetry,
    (seconds) => progress("analyzing", seconds, duration),
  );
  using maps = featureVideos ? new MapCollector(run.telemetry) : undefined;
  using _recording = mcap?.listen(run.telemetry);
  await run.run(signal);
  signal.throwIfAborted();
  const findings = collector.findings();
  if (findings === undefined) throw new RecordError(`Cannot localize ${clip}: it has no pictures`);
  return { findings, maps };
}

/** Draws each event over the picture at its peak, as the pictures pass. */
class EventPictures {
  /** File names by event id. */
  readonly files: Record<string, string> = {};
  readonly #findings: ClipFindings;
  readonly #folder: string;
  readonly #name: string;
  readonly #waiting;

  constructor(findings: ClipFindings, folder: string, name: string) {
    this.#findings = findings;
    this.#folder = folder;
    this.#name = name;
    this.#waiting = clipEvents(findings).toSorted((a, b) => a.peakTime - b.peakTime);
  }

  async take({ seconds, data, width, height }: ClipFrame): Promise<void> {
    const { grid, fit } = this.#findings.description;
    while (this.#waiting.length > 0 && this.#waiting[0].peakTime <= seconds) {
      const { last, messages, peakTime } = this.#waiting.shift()!;
      const told = messages.find(({ ptsNs }) => ptsNs / 1e9 >= peakTime) ?? last;
      const jpeg = await drawEventPicture({
        picture: { data, width, height },
        event: { ...told.event, score: last.event.score },
        heatMap: { values: told.heatMap, ...grid },
        fit,
      });
      const folder = `${this.#name}.events`;
      await Deno.mkdir(join(this.#folder, folder), { recursive: true });
      const { id, kind, stream } = last.event;
      const file = `${folder}/${stream.onset.toFixed(2).padStart(8, "0")}-${kind}.jpg`;
      await Deno.writeFile(join(this.#folder, file), jpeg);
      this.files[id] = file;
    }
  }
}
