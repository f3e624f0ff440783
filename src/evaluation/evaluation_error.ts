import { fileFaultSync } from "../core/file_fault.ts";

/** A data set, or one of its files, cannot be used. One line. */
export class EvaluationError extends Error {
  override name = "EvaluationError";
}

/** The error for a file that cannot be read, or not decoded. */
export function unreadable(file: string, kind: string, cause: unknown): EvaluationError {
  const fault = fileFaultSync(file);
  if (fault !== undefined) return new EvaluationError(`Cannot read ${file}: ${fault}`, { cause });
  const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
  return new EvaluationError(`Cannot read ${file}: it must be a ${kind}, got: ${reason}`, {
    cause,
  });
}
