// @ts-types="npm:@types/cli-progress@3.11.6"
import cliProgress from "cli-progress";

/** How far a long command is, on stderr; nothing where stderr is no terminal. */
export class ProgressBar {
  readonly #bar = new cliProgress.SingleBar({
    format: "{what} {bar} {value}/{total}, {eta_formatted} left",
    clearOnComplete: true,
    hideCursor: true,
  }, cliProgress.Presets.shades_classic);
  #what: string | undefined;

  /** Shows `done` of `total`; another `what` begins a new bar. */
  show(done: number, total: number, what: string): void {
    if (what !== this.#what) {
      this.clear();
      this.#bar.start(total, done, { what });
      this.#what = what;
    } else {
      this.#bar.update(done);
    }
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#what !== undefined) this.#bar.stop();
    this.#what = undefined;
  }
}
