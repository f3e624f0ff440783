/** A source that cannot be captured from; the message is one line for users. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";
  /** Keys of the pipeline file that are to blame, such as `["source", "video"]`. */
  readonly path: readonly string[];

  /** Whether trying again cannot help: the configuration must change. */
  readonly permanent: boolean;

  constructor(message: string, path: readonly string[] = ["source"], permanent = false) {
    super(message);
    this.path = path;
    this.permanent = permanent;
  }
}
