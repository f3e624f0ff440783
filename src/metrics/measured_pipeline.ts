import type { PipelineState } from "../events/event.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

/** Counters, by what became of the things counted. */
export type Outcomes = Readonly<Record<string, number>>;

/** A sink's counters. */
export interface MeasuredSink {
  readonly waiting: number;
  /** Why it delivers nothing now. */
  readonly complaint: string | null;
}

/** The counters of a pipeline that metrics show. */
export interface MeasuredStats {
  readonly uptime_s: number;
  readonly reconnects: number;
  readonly model_reloads: number;
  readonly audio_dbfs: number | null;
  readonly signal: Readonly<Record<string, string | null>>;
  readonly frames: Outcomes;
  readonly audio: Outcomes;
  readonly hops: Outcomes;
  readonly hops_per_second: number;
  readonly steps: Outcomes;
  readonly events: Outcomes;
  readonly invalid_events: number;
  readonly pictures: Outcomes;
  readonly latency_ms: { readonly p50: number | null; readonly p95: number | null };
  readonly providers: Readonly<Record<string, string>>;
  readonly sinks: Readonly<Record<string, MeasuredSink>>;
}

/** A pipeline, as metrics see it. */
export interface MeasuredPipeline {
  readonly name: string;
  readonly telemetry: Telemetry;
  stats(): MeasuredStats;
}

/** The states of a pipeline. */
export const STATES: readonly PipelineState["state"][] = [
  "starting",
  "running",
  "reconnecting",
  "stopped",
  "failed",
];
