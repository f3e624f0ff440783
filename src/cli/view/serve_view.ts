import project from "../../../deno.json" with { type: "json" };
import { parseListenAddress } from "../../core/listen_address.ts";
import { logOf } from "../../core/logger.ts";
import type { LoadedPipeline } from "../../pipeline/load.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { VIEW_PORT, type ViewConfig } from "../../viewer/view_schema.ts";
import { ViewServer } from "../../viewer/view_server.ts";
import type { ViewFlags } from "./live_view.ts";
import { TunedPipeline } from "./tuned_pipeline.ts";

/**
 * Serves the live page of pipelines that are about to run, and logs its link.
 *
 * @throws {ViewError} when the address cannot be listened on.
 */
export function serveView(
  loaded: readonly LoadedPipeline[],
  pipelines: readonly Pipeline[],
  { address, token }: ViewConfig,
  { edit = false }: ViewFlags,
): ViewServer {
  const viewed = pipelines.map((pipeline, i) => new TunedPipeline(pipeline, loaded[i], edit));
  return new ViewServer(viewed, {
    address: parseListenAddress(address, VIEW_PORT)!,
    token,
    version: project.version,
    log: logOf(),
  });
}
