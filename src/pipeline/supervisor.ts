import { BackOff } from "../core/back_off.ts";
import { LostEngineError } from "./engine_keeper.ts";
import type { NextTry } from "./pipeline.ts";

/** A pipeline, as the supervisor sees it. */
export interface Supervised {
  /** Whether running it again after a failure can help. */
  readonly restartable: boolean;
  run(signal: AbortSignal, nextTry: NextTry): Promise<void>;
}

/**
 * Runs the pipelines of a process side by side. One that fails is run again after 1, 5, 10, 60 s while another one runs.
 * When none runs, all end, and restarting the process is up to its service manager. An engine that only a new process
 * can recover stops all pipelines.
 */
export class Supervisor {
  readonly #delaysMs: readonly number[] | undefined;
  readonly #lost = new AbortController();
  readonly #idle = new AbortController();
  #running = 0;

  /** @param delaysMs pauses before a pipeline is run again; the last one repeats. */
  constructor(delaysMs?: readonly number[]) {
    this.#delaysMs = delaysMs;
  }

  /** Settles when all pipelines have ended for good, each as its last run did. */
  async run(
    pipelines: readonly Supervised[],
    signal: AbortSignal,
  ): Promise<PromiseSettledResult<void>[]> {
    const stop = AbortSignal.any([signal, this.#lost.signal]);
    return await Promise.allSettled(pipelines.map((pipeline) => this.#keep(pipeline, stop)));
  }

  async #keep(pipeline: Supervised, signal: AbortSignal): Promise<void> {
    const pauses = new BackOff(this.#delaysMs);
    const wake = AbortSignal.any([signal, this.#idle.signal]);
    const mayRunAgain = (error: unknown, others: number) =>
      !(error instanceof LostEngineError) && !signal.aborted && pipeline.restartable && others > 0;
    for (;;) {
      const startMs = performance.now();
      const failure = await this.#run(pipeline, signal, (error) => {
        pauses.lasted(performance.now() - startMs);
        return mayRunAgain(error, this.#running - 1) ? pauses.nextMs : undefined;
      });
      if (failure === undefined) return;
      if (failure.error instanceof LostEngineError) this.#lost.abort(failure.error);
      if (!mayRunAgain(failure.error, this.#running)) throw failure.error;
      await pauses.wait(wake);
      if (wake.aborted) throw failure.error;
    }
  }

  /** @returns how the run failed, if it did. */
  async #run(
    pipeline: Supervised,
    signal: AbortSignal,
    nextTry: NextTry,
  ): Promise<{ error: unknown } | undefined> {
    this.#running++;
    try {
      await pipeline.run(signal, nextTry);
      return undefined;
    } catch (error) {
      return { error };
    } finally {
      if (--this.#running === 0) this.#idle.abort();
    }
  }
}
