/** No sink can deliver events, or what one is to publish cannot be used. */
export class PublishError extends Error {
  override readonly name = "PublishError";
  /** Path of the configuration key that the error is about. */
  readonly path: readonly string[];

  /**
   * @param message one line.
   * @param keys keys under `publish` of the sinks that the error is about.
   */
  constructor(message: string, keys: readonly string[]) {
    super(message);
    this.path = keys.length === 1 ? ["publish", keys[0]] : ["publish"];
  }
}
