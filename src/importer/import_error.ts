/** Why weights cannot be imported or downloaded, in one line (a list of tensors may follow on further lines). */
export class ImportError extends Error {
  override name = "ImportError";
}
