/** A data set, or one of its files, cannot be used. One line. */
export class EvaluationError extends Error {
  override name = "EvaluationError";
}

/** The error for a file that is missing or cannot be decoded. */
export function unreadable(file: string, kind: string, cause: unknown): EvaluationError {
  if (cause instanceof Deno.errors.NotFound) {
    return new EvaluationError(`Cannot read ${file}: no such file`, { cause });
  }
  const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
  return new EvaluationError(`Cannot read ${file}: it must be a ${kind}, got: ${reason}`, {
    cause,
  });
}
