import { metrics, type Observable, type ObservableResult } from "@opentelemetry/api";
import type { PipelineState } from "../events/event.ts";
import type { MeasuredPipeline } from "./measured_pipeline.ts";
import { MEASURES } from "./measures.ts";

/**
 * Offers the metrics of pipelines to Deno's OpenTelemetry exporter, under the same names and labels as for Prometheus; they are
 * read whenever it exports.
 */
export function offerMetrics(
  pipelines: readonly MeasuredPipeline[],
  version: string,
): Disposable {
  const meter = metrics.getMeter("whence", version);
  const states = new Map<string, PipelineState>();
  using stack = new DisposableStack();
  for (const { name, telemetry } of pipelines) {
    stack.use(telemetry.listen(["state"], ({ message }) => {
      states.set(name, message as PipelineState);
    }));
  }
  for (const { type, name, help: description, read } of MEASURES) {
    const instrument: Observable = type === "counter"
      ? meter.createObservableCounter(name, { description })
      : meter.createObservableGauge(name, { description });
    const observe = (result: ObservableResult) => {
      for (const pipeline of pipelines) {
        read(
          pipeline.stats(),
          (labels, value) => result.observe(value, { pipeline: pipeline.name, ...labels }),
          states.get(pipeline.name),
        );
      }
    };
    instrument.addCallback(observe);
    stack.defer(() => instrument.removeCallback(observe));
  }
  return stack.move();
}
