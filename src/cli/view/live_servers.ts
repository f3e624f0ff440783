import type { LoadedPipeline } from "../../pipeline/load.ts";
import type { RunOptions } from "../run/run_pipelines.ts";
import { UsageError } from "../exit.ts";
import { viewConfig, type ViewFlags } from "./live_view.ts";
import { foxgloveConfig, type FoxgloveFlags, serveFoxglove } from "./serve_foxglove.ts";

/**
 * What serves the live page and Foxglove while pipelines run.
 *
 * @returns undefined if neither the command line nor a pipeline file asks for one.
 * @throws {UsageError} if `--edit` is given without a page.
 * @throws {ViewError | FoxgloveError} from the result, when an address cannot be listened on.
 */
export function liveServers(
  loaded: readonly LoadedPipeline[],
  flags: ViewFlags & FoxgloveFlags,
): RunOptions["attach"] {
  const view = viewConfig(loaded, flags);
  if (flags.edit && view === undefined) {
    throw new UsageError(
      "Cannot run: --edit must be given with --view, or with a view block in a file",
    );
  }
  const foxglove = foxgloveConfig(loaded, flags);
  if (view === undefined && foxglove === undefined) return undefined;
  return async (pipelines) => {
    await using servers = new AsyncDisposableStack();
    // Loaded only if they are used: they take time and memory.
    if (view !== undefined) {
      const { serveView } = await import("./serve_view.ts");
      const server = servers.use(serveView(loaded, pipelines, view, flags));
      // The log would mask the token.
      console.log(`Live page: ${server.url}`);
    }
    if (foxglove !== undefined) servers.use(await serveFoxglove(pipelines, foxglove));
    return servers.move();
  };
}
