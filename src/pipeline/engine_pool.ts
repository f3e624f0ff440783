import type { Log } from "../core/log.ts";
import { type Engine, type EngineConfig, loadEngine } from "./engine.ts";

/** One pipeline's reference to an engine that others may use too; disposing of it releases the reference. */
export interface SharedEngine extends Engine {
  /** Marks the engine as broken: it is no longer shared, and the next pipeline that needs one loads it again. */
  discard(): void;
}

interface Entry {
  readonly key: string;
  readonly loading: Promise<Engine>;
  users: number;
}

/** The engines of a process: pipelines with the same model, things, runtime and window share one. */
export class EnginePool {
  readonly #entries = new Map<string, Entry>();
  readonly #load: typeof loadEngine;

  /** @param load how an engine is loaded. */
  constructor(load: typeof loadEngine = loadEngine) {
    this.#load = load;
  }

  /**
   * Loads an engine, or shares one that is loaded or loading.
   *
   * @param folder the pipeline file's; relative paths start there.
   * @throws {ModelError} one line: model missing or broken, library or provider unavailable.
   */
  async acquire(config: EngineConfig, folder: string, log: Log): Promise<SharedEngine> {
    const key = keyOf(config, folder);
    const entry = this.#entries.get(key) ??
      { key, loading: this.#load(config, folder, log), users: 0 };
    this.#entries.set(key, entry);
    entry.users++;
    try {
      return this.#share(entry, await entry.loading);
    } catch (error) {
      this.#forget(entry);
      throw error;
    }
  }

  #share(entry: Entry, engine: Engine): SharedEngine {
    let held = true;
    return {
      ...engine,
      discard: () => this.#forget(entry),
      [Symbol.asyncDispose]: async () => {
        if (!held) return;
        held = false;
        if (--entry.users > 0) return;
        this.#forget(entry);
        await engine[Symbol.asyncDispose]();
      },
    };
  }

  #forget(entry: Entry): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
  }
}

/** Equal for pipelines whose engines would be the same. Includes the folder, where relative paths start. */
function keyOf({ model, runtime, window, things }: EngineConfig, folder: string): string {
  const settings = Object.entries(runtime).toSorted(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify([folder, model, settings, window.duration, things]);
}
