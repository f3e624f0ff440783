import type { Override } from "../../config/override.ts";
import { logOf } from "../../core/logger.ts";
import type { EnginePool } from "../../pipeline/engine_pool.ts";
import type { LoadedPipeline } from "../../pipeline/load.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { ReloadedPipeline } from "./reloaded_pipeline.ts";
import type { ServiceReport } from "./service_report.ts";
import { watchFiles } from "./watch_files.ts";

/** How pipeline files are read again. */
export interface ReloadOptions {
  readonly overrides: readonly Override[];
  /** Whether to read a file when it changes, not only on SIGHUP. */
  readonly watch: boolean;
}

/** What reloading takes besides. */
export interface ReloadSetting extends ReloadOptions {
  readonly engines: EnginePool;
  readonly pictures?: boolean;
  readonly report?: ServiceReport;
}

/** Reads the pipeline files again on SIGHUP and, if wanted, whenever one changes; until it is disposed of. */
export function reloadPipelines(
  loaded: readonly LoadedPipeline[],
  pipelines: readonly Pipeline[],
  { report, watch, ...options }: ReloadSetting,
): Disposable {
  const reloaded = loaded.map((file, i) => new ReloadedPipeline(pipelines[i], file, options));
  let last: Promise<void> = Promise.resolve();
  const reload = (chosen: readonly ReloadedPipeline[]) => {
    const work = async () => {
      for (const pipeline of chosen) await pipeline.reload();
    };
    last = last.then(() => report ? report.reload(work) : work())
      .catch((error) => logOf()("error", `Cannot reload: ${error}`));
  };
  using stack = new DisposableStack();
  if (!Deno.stdin.isTerminal()) {
    const onHangup = () => reload(reloaded);
    Deno.addSignalListener("SIGHUP", onHangup);
    stack.defer(() => Deno.removeSignalListener("SIGHUP", onHangup));
  }
  if (watch) {
    const files = loaded.map(({ file }) => file);
    stack.use(watchFiles(files, (file) => reload([reloaded[files.indexOf(file)]])));
  }
  return stack.move();
}
