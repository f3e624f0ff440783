// @ts-types="npm:@types/cli-progress@3.11.6"
import cliProgress from "cli-progress";

/** Progress of a long command on stderr; prints nothing if stderr is not a terminal. */
export class ProgressBar implements Disposable {
  readonly #bar = new cliProgress.SingleBar({
    format: "{what} {bar} {value}/{total}, {eta_formatted} left",
    clearOnComplete: true,
    hideCursor: true,
  }, cliProgress.Presets.shades_classic);
  #what: string | undefined;

  /** Shows `done` of `total`; a different `what` starts a new bar. */
  show(done: number, total: number, what: string): void {
    if (what !== this.#what) {
      this.clear();
      this.#bar.start(total, done, { what });
      this.#what = what;
    } else {
      this.#bar.update(done);
    }
  }

  /** Removes the bar. */
  clear(): void {
    if (this.#what !== undefined) this.#bar.stop();
    this.#what = undefined;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
