/** A source that cannot be captured from; the message is one line for users. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";
  /** Keys of the pipeline file that are to blame, such as `["source", "video"]`. */
  readonly path: readonly string[];

  constructor(message: string, path: readonly string[] = ["source"]) {
    super(message);
    this.path = path;
  }
}
