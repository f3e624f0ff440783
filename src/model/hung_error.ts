import { ModelError } from "./manifest.ts";

/**
 * A native call that did not return in time: the device, its driver or a disk hangs. The thread that made the call is
 * lost, and so is all memory that the call uses; only a new process can recover.
 */
export class HungError extends ModelError {
  override name = "HungError";

  constructor(what: string, limitMs: number) {
    const limit = limitMs < 120_000 ? `${limitMs / 1000} s` : `${limitMs / 60_000} min`;
    super(`Cannot ${what}: the call must return within ${limit}; the device or its driver hangs`);
  }
}
