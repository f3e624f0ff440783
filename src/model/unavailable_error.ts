import { ModelError } from "./manifest.ts";

/** An inference server cannot be reached, is not ready, or is too slow. A later try may help; a new process does not. */
export class UnavailableError extends ModelError {
  override name = "UnavailableError";
}
