/** A source that cannot be captured from; the message is one line for users. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";
  /** Path of the faulty key in the pipeline file, such as `["source", "video"]`. */
  readonly path: readonly string[];

  /** Whether a retry cannot help because the configuration must change. */
  readonly permanent: boolean;

  constructor(message: string, path: readonly string[] = ["source"], permanent = false) {
    super(message);
    this.path = path;
    this.permanent = permanent;
  }
}

/** "Cannot capture from SOURCE: REASON". */
export function cannot(
  { label, path }: { readonly label: string; readonly path: readonly string[] },
  reason: string,
): CaptureError {
  return new CaptureError(`Cannot capture from ${label}: ${reason}`, path);
}
