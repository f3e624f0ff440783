import { isDeepStrictEqual } from "node:util";
import { HungError } from "../model/hung_error.ts";
import { ModelError } from "../model/manifest.ts";
import { UnavailableError } from "../model/unavailable_error.ts";
import type { SharedEngine } from "./engine_pool.ts";

/** After this many failures in a row, loading the engine again does not help. */
const MOST_FAILURES = 3;

/** The engine fails again and again, or a call hangs, such as with a lost GPU: only a new process can recover. */
export class LostEngineError extends ModelError {
  override name = "LostEngineError";
}

/** What an engine that is loaded again must have in common with the first. */
type EngineFacts = Pick<SharedEngine, "manifest" | "providers">;

/** Holds one pipeline's engine: loads it, and loads it again after a failure, a few times. */
export class EngineKeeper implements AsyncDisposable {
  readonly #load: () => Promise<SharedEngine>;
  #engine: SharedEngine | undefined;
  #first: EngineFacts | undefined;
  #failures = 0;
  #reloads = 0;
  #disposed = false;

  constructor(load: () => Promise<SharedEngine>) {
    this.#load = load;
  }

  /** How often the engine was loaded again. */
  get reloads(): number {
    return this.#reloads;
  }

  /**
   * The engine, which is loaded if it is not.
   *
   * @throws {ModelError} when it cannot be loaded, or differs from the first one.
   * @throws {LostEngineError} when loading it hangs.
   */
  async get(): Promise<SharedEngine> {
    if (this.#engine) return this.#engine;
    const engine = await this.#load().catch((error) => {
      throw error instanceof HungError ? lost(error) : error;
    });
    const fault = this.#first && difference(this.#first, engine);
    if (fault !== undefined) {
      engine.discard();
      await engine[Symbol.asyncDispose]();
      throw new ModelError(fault);
    }
    // The pipeline was stopped meanwhile and does not use it.
    if (this.#disposed) await engine[Symbol.asyncDispose]();
    else this.#engine = engine;
    if (this.#first) this.#reloads++;
    const { manifest, providers } = engine;
    this.#first ??= { manifest, providers };
    return engine;
  }

  /**
   * Gives up an engine that has failed; the next `get` loads it again.
   *
   * @throws {LostEngineError} after the third failure in a row, or when a call hangs.
   */
  async fail(error: ModelError): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    engine?.discard();
    await engine?.[Symbol.asyncDispose]();
    if (error instanceof LostEngineError) throw error;
    // A new process would not bring a server back: the engine is loaded until the server responds.
    if (error instanceof UnavailableError) return;
    if (++this.#failures >= MOST_FAILURES || error instanceof HungError) throw lost(error);
  }

  /** The engine has run well for long enough: earlier failures no longer count. */
  recover(): void {
    this.#failures = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.[Symbol.asyncDispose]();
  }
}

/** Why an engine that was loaded again must not replace the first; undefined when it may. */
function difference(first: EngineFacts, engine: EngineFacts): string | undefined {
  if (!isDeepStrictEqual(first.manifest, engine.manifest)) {
    return `Cannot continue with ${first.manifest.name}: its model.yaml has changed`;
  }
  for (const [part, provider] of Object.entries(first.providers)) {
    if (engine.providers[part] === provider) continue;
    return `Cannot continue with ${first.manifest.name}: ${part} must run on ${provider} as before, ` +
      `got ${engine.providers[part]}`;
  }
  return undefined;
}

function lost(cause: ModelError): LostEngineError {
  return new LostEngineError(`${cause.message}; the process must be restarted`, { cause });
}
