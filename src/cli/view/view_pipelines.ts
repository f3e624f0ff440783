import { logOf } from "../../core/logger.ts";
import type { LoadedPipeline } from "../../pipeline/load.ts";
import { runPipelines } from "../run/run_pipelines.ts";
import { viewConfig, type ViewFlags } from "./live_view.ts";
import { foxgloveConfig, type FoxgloveFlags, serveFoxglove } from "./serve_foxglove.ts";
import { openBrowser } from "./open_browser.ts";
import { serveView } from "./serve_view.ts";

/** How long the pipelines wait for the page, so that it misses nothing of a recording, ms. */
const PAGE_LIMIT_MS = 10_000;

/** How `whence view` runs. */
export interface ViewRunOptions extends ViewFlags, FoxgloveFlags {
  /** Whether to open a browser. */
  readonly open: boolean;
}

/**
 * Runs pipelines and shows them in the browser until SIGINT or SIGTERM comes.
 *
 * @throws {ViewError} when the page cannot be served.
 * @throws {PipelinesError} when one or more pipelines failed.
 */
export async function viewPipelines(
  loaded: readonly LoadedPipeline[],
  options: ViewRunOptions,
): Promise<void> {
  await runPipelines(loaded, {
    pictures: true,
    attach: async (pipelines, signal) => {
      const server = serveView(loaded, pipelines, viewConfig(loaded, options)!, options);
      console.log(`Live page: ${server.url}`);
      const offered = foxgloveConfig(loaded, options);
      const foxglove = offered && await serveFoxglove(pipelines, offered);
      if (options.open) await bringUp(server, signal);
      return {
        async [Symbol.asyncDispose]() {
          if (!signal.aborted) {
            logOf()("info", "all sources have ended; press Ctrl-C to stop the page");
            await aborted(signal);
          }
          await foxglove?.[Symbol.asyncDispose]();
          await server[Symbol.asyncDispose]();
        },
      };
    },
  });
}

async function bringUp(
  { url, connected }: { readonly url: string; readonly connected: Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  if (!await openBrowser(url)) {
    return logOf()("info", "no browser could be opened; open the link yourself");
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PAGE_LIMIT_MS);
  await Promise.race([connected, promise, aborted(signal)]);
  clearTimeout(timer);
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
