import type { ServiceManager } from "../../core/service_manager.ts";
import type { PipelineState } from "../../events/event.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

/** How often a start that takes long is extended, and by how much, ms. */
const EXTEND_EVERY_MS = 5_000;
const EXTEND_BY_MS = 30_000;

/**
 * Tells a service manager what the pipelines of this process do, until it is disposed of: ready once each has left the
 * state `starting`, their states as one line, and at half the watchdog's time that the event loop turns, unless only a new process
 * can help.
 *
 * Loading a model may take minutes, so the start is extended as long as the event loop turns.
 */
export class ServiceReport implements Disposable {
  readonly #manager: ServiceManager;
  readonly #states = new Map<string, PipelineState | undefined>();
  readonly #listening: Disposable[];
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #ready = false;
  #stopping = false;

  /** @param needsRestart whether only a new process can help: then the watchdog is not fed, and the manager starts one. */
  constructor(
    manager: ServiceManager,
    pipelines: readonly Pick<Pipeline, "name" | "telemetry">[],
    signal: AbortSignal,
    needsRestart: () => boolean = () => false,
  ) {
    this.#manager = manager;
    this.#timers.push(setInterval(() => this.#extend(), EXTEND_EVERY_MS));
    if (manager.watchdogMs !== undefined) {
      const feed = () => needsRestart() || manager.alive();
      this.#timers.push(setInterval(feed, manager.watchdogMs / 2));
      manager.alive();
    }
    this.#extend();
    for (const { name } of pipelines) this.#states.set(name, undefined);
    this.#listening = pipelines.map(({ name, telemetry }) =>
      telemetry.listen(["state"], ({ message }) => {
        this.#states.set(name, message as PipelineState);
        this.#tell();
      })
    );
    signal.addEventListener("abort", () => this.#stop(), { once: true });
  }

  /** Runs `work`, which reads the configuration again, as a reload. */
  async reload(work: () => Promise<void>): Promise<void> {
    if (!this.#ready || this.#stopping) return await work();
    this.#manager.reloading();
    try {
      await work();
    } finally {
      if (!this.#stopping) this.#manager.ready();
    }
  }

  [Symbol.dispose](): void {
    this.#stop();
    for (const timer of this.#timers) clearInterval(timer);
    for (const listening of this.#listening) listening[Symbol.dispose]();
  }

  #tell(): void {
    const states = [...this.#states];
    const lines = states.map(([name, told]) => {
      const { state = "starting", reason = null } = told ?? {};
      return `${name}: ${state}` + (reason === null ? "" : ` (${reason})`);
    });
    this.#manager.status(lines.join("; "));
    const started = states.every(([, told]) => told !== undefined && told.state !== "starting");
    if (this.#ready || this.#stopping || !started) return;
    this.#ready = true;
    this.#manager.ready();
  }

  #extend(): void {
    if (!this.#ready && !this.#stopping) this.#manager.extendStart(EXTEND_BY_MS);
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#manager.stopping();
  }
}
