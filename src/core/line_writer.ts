/** Writes lines to a file or stream that may fail; a log must never end the process it reports on. */
export class LineWriter {
  readonly #stream: { writeSync(bytes: Uint8Array): number };
  readonly #encoder = new TextEncoder();
  #lost = 0;
  #reason = "";
  #broken = false;

  /** @param stream such as `Deno.stderr`. */
  constructor(stream: { writeSync(bytes: Uint8Array): number }) {
    this.#stream = stream;
  }

  /** Writes one line; one that cannot be written is counted, and the count is written as soon as a line gets through. */
  readonly write = (line: string): void => {
    const lead = this.#broken ? "\n" : "";
    const note = this.#lost > 0 ? `${this.#lost} log lines were lost: ${this.#reason}\n` : "";
    const bytes = this.#encoder.encode(`${lead}${note}${line}\n`);
    let at = 0;
    try {
      while (at < bytes.length) {
        const written = this.#stream.writeSync(bytes.subarray(at));
        if (written === 0) throw new Error("nothing could be written");
        at += written;
      }
      this.#lost = 0;
      this.#broken = false;
    } catch (error) {
      this.#lost++;
      this.#reason = error instanceof Error ? error.message : String(error);
      // Part of a line is out: the next one must not continue it.
      this.#broken ||= at > 0;
    }
  };
}
