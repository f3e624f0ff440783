// @ts-types="npm:@types/cli-progress@3.11.6"
import cliProgress from "cli-progress";
import prettyMs from "pretty-ms";
import { bytesText } from "../core/quantities.ts";
import { printNews } from "./stderr.ts";

/** What a bar counts: items of work, or bytes of a transfer. */
export type ProgressUnit = "items" | "bytes";

/** Rate and time left come from this many seconds, so that they follow a changing line. */
const SPAN = 10;
/** Without a terminal, a transfer prints a line each time this share of the whole has arrived. */
const STEP = 0.1;

/**
 * Progress of a long command on stderr, with the time left. If stderr is not a terminal, items print nothing and
 * transfers a line per tenth.
 */
export class ProgressBar implements Disposable {
  readonly #unit: ProgressUnit;
  readonly #bar = new cliProgress.SingleBar({
    format: "{what} {bar} {text}",
    clearOnComplete: true,
    hideCursor: true,
  }, cliProgress.Presets.shades_classic);
  readonly #terminal = Deno.stderr.isTerminal();
  #history: { readonly at: number; readonly done: number }[] = [];
  #what: string | undefined;
  #printed = 0;

  constructor(unit: ProgressUnit = "items") {
    this.#unit = unit;
  }

  /** Shows `done` of `total`; a different `what` starts a new bar. */
  show(done: number, total: number, what: string, now = performance.now() / 1000): void {
    const fresh = what !== this.#what;
    if (fresh) {
      this.clear();
      this.#what = what;
    }
    this.#history.push({ at: now, done });
    while (this.#history.length > 2 && now - this.#history[0].at > SPAN) this.#history.shift();
    const text = this.#text(done, total);
    if (this.#terminal) {
      if (fresh) this.#bar.start(total, done, { what, text });
      else this.#bar.update(done, { what, text });
    } else if (this.#unit === "bytes" && done >= this.#printed + STEP * total) {
      this.#printed = done;
      printNews(`${what}: ${text}`);
    }
  }

  /** Removes the bar, so that a line can be printed. */
  clear(): void {
    if (this.#what !== undefined && this.#terminal) this.#bar.stop();
    this.#what = undefined;
    this.#history = [];
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  #text(done: number, total: number): string {
    const first = this.#history[0];
    const last = this.#history[this.#history.length - 1];
    const seconds = last.at - first.at;
    const rate = seconds > 0 ? (last.done - first.done) / seconds : 0;
    const left = rate > 0 ? prettyMs(Math.ceil((total - done) / rate) * 1000) : "?";
    return this.#unit === "bytes"
      ? `${bytesText(done)} of ${bytesText(total)}, ${bytesText(rate)}/s, ${left} left`
      : `${done}/${total}, ${left} left`;
  }
}
