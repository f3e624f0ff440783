import { CaptureError } from "../../capture/capture_error.ts";
import { needsNewProcess } from "../../capture/hung_pipelines.ts";
import { formatFault } from "../../config/fault.ts";
import { boundHeaps } from "../../core/c_heap.ts";
import type { LoadedPipeline } from "../../pipeline/load.ts";
import { exitProcess } from "../../core/exit_process.ts";
import { ModelError } from "../../model/manifest.ts";
import { composePipeline } from "../../pipeline/compose.ts";
import { EnginePool } from "../../pipeline/engine_pool.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { EventListener } from "../../pipeline/reporter.ts";
import { Supervisor } from "../../pipeline/supervisor.ts";
import { logOf } from "../../core/logger.ts";
import { ServiceManager } from "../../core/service_manager.ts";
import { deliveryFailure } from "../../publish/delivery_summary.ts";
import { PublishError } from "../../publish/publish_error.ts";
import { EXIT } from "../exit.ts";
import { listed } from "../text.ts";
import { type ReloadOptions, reloadPipelines } from "./reload_pipelines.ts";
import { serveMetrics } from "./serve_metrics.ts";
import { ServiceReport } from "./service_report.ts";

/** Timers hold 31 bits of milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One or more pipelines failed for good. */
export class PipelinesError extends Error {
  override name = "PipelinesError";
}

/** How pipelines are run. */
export interface RunOptions {
  /** Seconds after which they are stopped. */
  readonly duration?: number;
  readonly heard?: EventListener;
  /** Folder of this program's state. Default: nothing is kept over a restart. */
  readonly stateFolder?: string;
  /** Whether the pipelines can offer camera pictures to listeners. */
  readonly pictures?: boolean;
  /** Called before the pipelines run; what it gives is disposed of after they have ended. */
  readonly attach?: (
    pipelines: readonly Pipeline[],
    signal: AbortSignal,
  ) => Promise<AsyncDisposable>;
  /** Reads the pipeline files again on SIGHUP. */
  readonly reload?: ReloadOptions;
  /** Called for each pipeline when all have ended, before an error is thrown. */
  readonly ended?: (name: string, pipeline: Pipeline) => void;
}

/**
 * Runs pipelines side by side until all have ended, `duration` is over, or SIGINT or SIGTERM comes. One that fails does not
 * stop the others, and is run again as long as one of them runs. Pipelines with the same model share it.
 *
 * @throws {PipelinesError} after all have ended, when one or more failed.
 */
export async function runPipelines(
  loaded: readonly LoadedPipeline[],
  options: RunOptions = {},
): Promise<Pipeline[]> {
  boundHeaps();
  using stop = stopSignal(options.duration, options.reload !== undefined);
  const engines = new EnginePool();
  const { heard, pictures } = options;
  const pipelines = loaded.map(({ config, folder }) =>
    composePipeline(config, {
      folder,
      log: logOf(config.name),
      heard,
      engines,
      pictures,
      stateFolder: options.stateFolder,
    })
  );
  using report = serviceReport(pipelines, stop.signal);
  using _reloading = options.reload &&
    reloadPipelines(loaded, pipelines, { ...options.reload, engines, pictures, report });
  await using _metrics = await serveMetrics(loaded, pipelines);
  await using _attached = await options.attach?.(pipelines, stop.signal);
  const runs = await new Supervisor().run(pipelines, stop.signal);
  pipelines.forEach((pipeline, i) => options.ended?.(loaded[i].config.name, pipeline));
  const ends = runs.map((end, i) => {
    const failure = deliveryFailure(pipelines[i].stats().sinks);
    return end.status === "rejected" || failure === undefined
      ? end
      : { status: "rejected", reason: failure } as const;
  });
  const failed = loaded.filter((_, i) => ends[i].status === "rejected");
  if (failed.length > 0) {
    const reasons = ends.flatMap((end, i) =>
      end.status === "rejected" ? [located(end.reason, loaded[i])] : []
    );
    const names = failed.map(({ config }) => config.name);
    throw loaded.length === 1 ? reasons[0] : new PipelinesError(
      `Cannot continue with ${listed(names)}: ` +
        reasons.map((reason) => reason instanceof Error ? reason.message : String(reason)).join(
          "; ",
        ),
    );
  }
  return pipelines;
}

function serviceReport(
  pipelines: readonly Pipeline[],
  signal: AbortSignal,
): ServiceReport | undefined {
  const manager = ServiceManager.find();
  if (typeof manager === "string") logOf()("warning", manager);
  return manager instanceof ServiceManager
    ? new ServiceReport(manager, pipelines, signal, needsNewProcess)
    : undefined;
}

function located(reason: unknown, document: LoadedPipeline): unknown {
  const path = reason instanceof CaptureError || reason instanceof PublishError
    ? reason.path
    : reason instanceof ModelError
    ? ["model"]
    : undefined;
  if (path === undefined) return reason;
  const fault = document.fault(path, (reason as Error).message);
  return new PipelinesError(formatFault(fault), { cause: reason });
}

function stopSignal(
  duration: number | undefined,
  reloads: boolean,
): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = (ms: number) => {
    timer = setTimeout(
      () => ms > LONGEST_TIMER_MS ? arm(ms - LONGEST_TIMER_MS) : stop(),
      Math.min(ms, LONGEST_TIMER_MS),
    );
  };
  if (duration !== undefined) arm(duration * 1000);
  const asked = () => {
    // A second signal stops at once, without waiting for a hung pipeline.
    if (controller.signal.aborted) exitProcess(EXIT.failed);
    stop();
  };
  // SIGHUP from a terminal means that it was closed.
  const signals = reloads && !Deno.stdin.isTerminal()
    ? ["SIGINT", "SIGTERM"] as const
    : ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) Deno.addSignalListener(name, asked);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const name of signals) Deno.removeSignalListener(name, asked);
    },
  };
}
