import type { PipelineState } from "../events/event.ts";
import { type MeasuredStats, type Outcomes, STATES } from "./measured_pipeline.ts";

/** Sets one sample of a metric. */
type Sample = (labels: Readonly<Record<string, string>>, value: number) => void;

/** A metric of each pipeline. */
export interface Measure {
  readonly type: "counter" | "gauge";
  readonly name: string;
  readonly help: string;
  /** Labels besides `pipeline`. */
  readonly labels?: readonly string[];
  read(stats: MeasuredStats, sample: Sample, state: PipelineState | undefined): void;
}

/** A counter with the label `outcome`. */
function outcomes(
  name: string,
  help: string,
  of: (stats: MeasuredStats) => Outcomes,
  label = "outcome",
): Measure {
  return {
    type: "counter",
    name,
    help,
    labels: [label],
    read(stats, sample) {
      for (const [key, count] of Object.entries(of(stats))) sample({ [label]: key }, count);
    },
  };
}

function single(
  type: Measure["type"],
  name: string,
  help: string,
  of: (stats: MeasuredStats) => number | null,
): Measure {
  return {
    type,
    name,
    help,
    read(stats, sample) {
      const value = of(stats);
      if (value !== null) sample({}, value);
    },
  };
}

/** What is measured of each pipeline. */
export const MEASURES: readonly Measure[] = [
  {
    type: "gauge",
    name: "whence_pipeline_state",
    help: "1 for the state that the pipeline is in",
    labels: ["state"],
    read(_, sample, told) {
      const now = told?.state ?? "starting";
      for (const state of STATES) sample({ state }, state === now ? 1 : 0);
    },
  },
  single("gauge", "whence_uptime_seconds", "Time since the start", (stats) => stats.uptime_s),
  single(
    "counter",
    "whence_reconnects_total",
    "Times the source was opened again",
    (stats) => stats.reconnects,
  ),
  single(
    "counter",
    "whence_model_reloads_total",
    "Times the model was loaded again after it failed",
    (stats) => stats.model_reloads,
  ),
  single(
    "gauge",
    "whence_audio_level_dbfs",
    "Level of the last second of audio; absent while none arrives",
    (stats) => stats.audio_dbfs,
  ),
  {
    type: "gauge",
    name: "whence_signal_fault",
    help: "1 while a stream delivers nothing useful",
    labels: ["stream", "fault"],
    read({ signal }, sample) {
      for (const [stream, fault] of Object.entries(signal)) {
        if (fault !== null) sample({ stream, fault }, 1);
      }
    },
  },
  outcomes("whence_frames_total", "Video frames", (stats) => stats.frames),
  outcomes("whence_audio_total", "Audio samples and buffers", (stats) => stats.audio),
  outcomes("whence_hops_total", "Inferences", (stats) => stats.hops),
  single(
    "gauge",
    "whence_hops_per_second",
    "Inferences per second over the last 10 s",
    (stats) => stats.hops_per_second,
  ),
  outcomes("whence_steps_total", "Audio time steps", (stats) => stats.steps),
  outcomes("whence_events_total", "Events that have started", (stats) => stats.events, "kind"),
  single(
    "counter",
    "whence_invalid_events_total",
    "Events that broke the schema",
    (stats) => stats.invalid_events,
  ),
  outcomes("whence_pictures_total", "Event pictures", (stats) => stats.pictures),
  {
    type: "gauge",
    name: "whence_event_latency_seconds",
    help: "From capture to the first message of an event, newest 1,000 events",
    labels: ["quantile"],
    read({ latency_ms: { p50, p95 } }, sample) {
      if (p50 !== null) sample({ quantile: "0.5" }, p50 / 1000);
      if (p95 !== null) sample({ quantile: "0.95" }, p95 / 1000);
    },
  },
  {
    type: "gauge",
    name: "whence_provider_info",
    help: "Execution provider of each part of the model",
    labels: ["part", "provider"],
    read({ providers }, sample) {
      for (const [part, provider] of Object.entries(providers)) sample({ part, provider }, 1);
    },
  },
  {
    type: "gauge",
    name: "whence_sink_up",
    help: "1 while a sink (broker, file) delivers",
    labels: ["sink"],
    read({ sinks }, sample) {
      for (const [sink, { complaint }] of Object.entries(sinks)) {
        sample({ sink }, complaint === null ? 1 : 0);
      }
    },
  },
  {
    type: "gauge",
    name: "whence_sink_waiting",
    help: "Event messages that wait for a sink's acknowledgment",
    labels: ["sink"],
    read({ sinks }, sample) {
      for (const [sink, { waiting }] of Object.entries(sinks)) {
        sample({ sink }, waiting);
      }
    },
  },
  {
    type: "counter",
    name: "whence_sink_messages_total",
    help: "Messages of a sink",
    labels: ["sink", "outcome"],
    read({ sinks }, sample) {
      for (const [sink, counters] of Object.entries(sinks)) {
        for (const [outcome, count] of Object.entries(counters)) {
          if (outcome !== "waiting" && typeof count === "number") sample({ sink, outcome }, count);
        }
      }
    },
  },
];
