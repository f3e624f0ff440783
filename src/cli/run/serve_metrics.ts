import project from "../../../deno.json" with { type: "json" };
import { parseListenAddress } from "../../core/listen_address.ts";
import { logOf } from "../../core/logger.ts";
import { isExporting } from "../../metrics/is_exporting.ts";
import { METRICS_PORT } from "../../metrics/metrics_schema.ts";
import type { LoadedPipeline } from "../../pipeline/load.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

/**
 * Serves the metrics of all pipelines of this process at the addresses that their files give: one server per address. Where
 * Deno exports to OpenTelemetry, it gets them, too.
 *
 * @throws {MetricsError} when an address cannot be listened on.
 */
export async function serveMetrics(
  loaded: readonly LoadedPipeline[],
  pipelines: readonly Pipeline[],
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  if (isExporting()) {
    const { offerMetrics } = await import("../../metrics/otel_metrics.ts");
    stack.use(offerMetrics(pipelines, project.version));
  }
  const addresses = new Set(loaded.flatMap(({ config }) => config.metrics ?? []));
  for (const address of addresses) {
    // Loaded only if it is used: it takes time and memory.
    const { MetricsServer } = await import("../../metrics/metrics_server.ts");
    const server = stack.use(
      new MetricsServer(pipelines, {
        address: parseListenAddress(address, METRICS_PORT)!,
        version: project.version,
        log: logOf(),
      }),
    );
    logOf()("info", `metrics: ${server.url}/metrics`);
  }
  return stack.move();
}
