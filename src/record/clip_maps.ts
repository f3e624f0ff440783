import type { Telemetry } from "../telemetry/telemetry.ts";

/** Values of a time of a clip. */
export interface Timed {
  /** s of the clip */
  readonly seconds: number;
  readonly values: Float32Array;
}

/** Maps and image features of a clip, as the model gave them. */
export interface ClipMaps {
  /** Similarity maps of each time step, `[K, h, w]`. */
  readonly maps: readonly Timed[];
  /** Image features `[C, h, w]` of frames at about equal distances. */
  readonly features: readonly Timed[];
}

/** Memory for image features, bytes. */
const FEATURE_BYTES = 128e6;

/**
 * Keeps the similarity maps and the image features that a pipeline tells about a clip. While it listens, the pipeline skips no
 * time step. When the features fill their memory, every second frame is dropped, and of later ones half as many are kept.
 */
export class MapCollector implements ClipMaps, Disposable {
  readonly maps: Timed[] = [];
  features: Timed[] = [];
  readonly #listening: Disposable;
  #every = 1;
  #frames = 0;

  constructor(telemetry: Telemetry, featureBytes = FEATURE_BYTES) {
    this.#listening = telemetry.listen(["maps", "features"], ({ topic, message }) => {
      if (topic === "maps") {
        this.maps.push({ seconds: message.ptsNs / 1e9, values: message.values });
      } else if (topic === "features" && this.#frames++ % this.#every === 0) {
        const { values } = message;
        this.features.push({ seconds: message.ptsNs / 1e9, values: values.slice() });
        if (this.features.length * values.byteLength > featureBytes && this.features.length > 2) {
          this.features = this.features.filter((_, i) => i % 2 === 0);
          this.#every *= 2;
        }
      }
    });
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}
