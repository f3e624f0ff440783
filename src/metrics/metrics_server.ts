import { Hono } from "hono";
import { hostText, type ListenAddress, listenFault } from "../core/listen_address.ts";
import type { Log } from "../core/log.ts";
import type { PipelineState } from "../events/event.ts";
import type { MeasuredPipeline } from "./measured_pipeline.ts";
import { metricsRegistry } from "./registry.ts";

/** The metrics cannot be served. */
export class MetricsError extends Error {
  override name = "MetricsError";
}

/** How metrics are served. */
export interface MetricsOptions {
  readonly address: ListenAddress;
  /** Whence's version. */
  readonly version: string;
  readonly log: Log;
}

/**
 * Serves the metrics of the pipelines of this process: `/metrics` for Prometheus, and `/healthz`, which answers 200 while all
 * pipelines work and 503 otherwise.
 */
export class MetricsServer implements AsyncDisposable {
  readonly #states = new Map<string, PipelineState>();
  readonly #pipelines: readonly MeasuredPipeline[];
  readonly #listening: readonly Disposable[];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /**
   * Starts to serve.
   *
   * @throws {MetricsError} when the address cannot be listened on.
   */
  constructor(pipelines: readonly MeasuredPipeline[], { address, version, log }: MetricsOptions) {
    this.#pipelines = pipelines;
    const registry = metricsRegistry(pipelines, this.#states, version);
    const app = new Hono()
      .get(
        "/metrics",
        async (context) =>
          context.body(await registry.metrics(), 200, { "content-type": registry.contentType }),
      )
      .get("/healthz", (context) => {
        const health = this.#health();
        return context.json(health, health.ok ? 200 : 503);
      })
      .notFound((context) => context.text("Not found; try /metrics or /healthz\n", 404))
      .onError((error, context) => {
        log("error", `Cannot serve metrics: ${error.message}`);
        return context.text("Cannot serve metrics\n", 500);
      });
    try {
      this.#server = Deno.serve({ ...address, onListen: () => {} }, app.fetch);
    } catch (error) {
      throw new MetricsError(`Cannot serve metrics on ${hostText(address)}: ${listenFault(error)}`);
    }
    this.#listening = pipelines.map(({ name, telemetry }) =>
      telemetry.listen(["state"], ({ message }) => {
        this.#states.set(name, message as PipelineState);
      })
    );
  }

  /** Where the server is reached. */
  get url(): string {
    const { hostname, port } = this.#server.addr;
    return `http://${hostText({ hostname, port })}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listening of this.#listening) listening[Symbol.dispose]();
    await this.#server.shutdown();
  }

  /** A pipeline works if it runs with nothing to complain about, and all its sinks deliver. */
  #health() {
    const pipelines = Object.fromEntries(this.#pipelines.map((pipeline) => {
      const { state = "starting", reason = null } = this.#states.get(pipeline.name) ?? {};
      const complaints = Object.values(pipeline.stats().sinks).flatMap(({ complaint }) =>
        complaint ?? []
      );
      const ok = complaints.length === 0 &&
        (state === "stopped" || (state === "running" && reason === null));
      return [pipeline.name, { ok, state, reason, complaints }];
    }));
    return { ok: Object.values(pipelines).every(({ ok }) => ok), pipelines };
  }
}
