/** Why nothing can be learned, in one line. */
export class LearnError extends Error {
  override name = "LearnError";
}
