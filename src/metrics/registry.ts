import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { PipelineState } from "../events/event.ts";
import type { MeasuredPipeline } from "./measured_pipeline.ts";
import { MEASURES } from "./measures.ts";

/**
 * The metrics of pipelines and of this process, read when they are collected.
 *
 * @param states the newest state of each pipeline, by name.
 */
export function metricsRegistry(
  pipelines: readonly MeasuredPipeline[],
  states: ReadonlyMap<string, PipelineState>,
  version: string,
): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "whence_info",
    help: "Version",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version }, 1);
  for (const { type, name, help, labels = [], read } of MEASURES) {
    const collect = (metric: Counter | Gauge) => {
      metric.reset();
      for (const pipeline of pipelines) {
        read(
          pipeline.stats(),
          (labels, value) => metric.inc({ pipeline: pipeline.name, ...labels }, value),
          states.get(pipeline.name),
        );
      }
    };
    const options = { name, help, labelNames: ["pipeline", ...labels], registers: [registry] };
    if (type === "counter") {
      new Counter({
        ...options,
        collect() {
          collect(this);
        },
      });
    } else {
      new Gauge({
        ...options,
        collect() {
          collect(this);
        },
      });
    }
  }
  return registry;
}
