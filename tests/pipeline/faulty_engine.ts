import type { Encoders } from "../../src/model/encoders.ts";
import type { Engine } from "../../src/pipeline/engine.ts";
import { loadEngine } from "../../src/pipeline/engine.ts";
import { EnginePool } from "../../src/pipeline/engine_pool.ts";

/** Engines of the real model, whose inferences fail as the test decides. */
export class FaultyEngines {
  readonly pool: EnginePool;
  /** How often a model was loaded, and freed. */
  loads = 0;
  releases = 0;
  /** The error of the next inferences on the audio encoder; undefined lets them run. */
  nextFailure: () => Error | undefined = () => undefined;
  /** Changes an engine after it was loaded. */
  bend: (engine: Engine, load: number) => Engine = (engine) => engine;

  constructor() {
    this.pool = new EnginePool(async (config, folder, log) => {
      const engine = await loadEngine(config, folder, log);
      const load = ++this.loads;
      return this.bend({
        ...engine,
        encoders: this.#faulty(engine.encoders),
        [Symbol.asyncDispose]: async () => {
          this.releases++;
          await engine[Symbol.asyncDispose]();
        },
      }, load);
    });
  }

  #faulty(encoders: Encoders): Encoders {
    return {
      manifest: encoders.manifest,
      image: encoders.image,
      audio: encoders.audio,
      givesPresence: encoders.givesPresence,
      takesAnyLength: encoders.takesAnyLength,
      takesColumns: encoders.takesColumns,
      encodeImages: (...args) => encoders.encodeImages(...args),
      encodeAudio: (...args) => {
        const failure = this.nextFailure();
        return failure ? Promise.reject(failure) : encoders.encodeAudio(...args);
      },
      release: () => encoders.release(),
    };
  }
}
