import { cannot } from "./capture_error.ts";
import type { SampleSink, StartOptions } from "./capture_pipeline.ts";
import { nextTick } from "./next_tick.ts";
import type { CapturePlan } from "./plan.ts";

/** Interval of the check whether the source has started, ms. */
const LOOK_MS = 5;
/** Time to wait for the message that explains a failure, ms. */
const EXPLAIN_MS = 1000;

/** A state that can be requested of a pipeline. */
export type TargetState = "null" | "ready" | "paused" | "playing";
/** Progress of a state change; `live`: reached, but data flows only while playing. */
export type StateProgress = "failed" | "going" | "reached" | "live";

interface StartableSink extends SampleSink {
  startAlone(): void;
}

/** What {@linkcode startPipeline} starts. */
export interface StartablePipeline {
  readonly frames: StartableSink;
  readonly samples: StartableSink;
  request(state: TargetState): void;
  progress(): StateProgress;
}

/**
 * Starts a pipeline and waits for the first data of both streams; a device without data does not count as a failure.
 *
 * @throws {CaptureError} when it fails, or does not start in time.
 */
export async function startPipeline(
  pipeline: StartablePipeline,
  plan: CapturePlan,
  { timeoutMs, starvedAfterMs, check }: StartOptions,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  const reach = (state: TargetState) => {
    pipeline.request(state);
    return poll(deadlineMs, check, () => pipeline.progress());
  };
  const sinks = [pipeline.frames, pipeline.samples];
  let progress = await reach("paused");
  const live = progress === "live";
  if (live && plan.together) {
    progress = await reach("ready");
    for (const sink of sinks) sink.startAlone();
  }
  if (live && progress !== "going" && progress !== "failed") {
    pipeline.request("playing");
    const flowing = () => pipeline.progress() === "failed" ? "failed" : flow(sinks);
    progress = await poll(performance.now() + starvedAfterMs, check, flowing);
    // The watchdog reports a stream without data.
    if (progress === "going") return;
  } else if (progress === "reached") {
    progress = await reach("playing");
  }
  if (progress === "failed") {
    await poll(performance.now() + EXPLAIN_MS, check, () => "going");
    throw cannot(plan.video, "it failed to start");
  }
  if (progress === "going") {
    throw cannot(plan.video, `no video and audio arrived within ${timeoutMs / 1000} s`);
  }
}

/** Polls `progress` until it has a result or the deadline has passed. */
async function poll(
  deadlineMs: number,
  check: () => void,
  progress: () => StateProgress,
): Promise<StateProgress> {
  for (;;) {
    const state = progress();
    if (state !== "going" || performance.now() > deadlineMs) return state;
    await nextTick(LOOK_MS);
    check();
  }
}

function flow(sinks: readonly SampleSink[]): StateProgress {
  for (const sink of sinks) sink.count();
  return sinks.every((sink) => sink.arrived > 0) ? "reached" : "going";
}
