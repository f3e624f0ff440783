// @ts-types="npm:@types/cli-progress@3.11.6"
import cliProgress from "cli-progress";
import { bytesText } from "../../core/quantities.ts";

/** Rate and time left are computed from this many seconds, so that they follow changes of the connection. */
const SPAN = 10;
/** Without a terminal, a line is printed each time another share of this size has arrived. */
const STEP = 0.1;

/** Progress of a download on stderr, with rate and time left. */
export class TransferBar {
  readonly #what: string;
  readonly #bar = new cliProgress.SingleBar({
    format: "{what} {bar} {got} of {size}, {rate}/s, {left} left",
    clearOnComplete: true,
    hideCursor: true,
  }, cliProgress.Presets.shades_classic);
  readonly #terminal = Deno.stderr.isTerminal();
  readonly #history: { readonly at: number; readonly received: number }[] = [];
  #started = false;
  #printed = 0;

  constructor(what: string) {
    this.#what = what;
  }

  /** Shows `received` of `total` bytes; `now` in s. */
  show(received: number, total: number, now = performance.now() / 1000): void {
    this.#history.push({ at: now, received });
    while (this.#history.length > 2 && now - this.#history[0].at > SPAN) this.#history.shift();
    const payload = this.#payload(received, total);
    if (this.#terminal) {
      if (!this.#started) this.#bar.start(total, received, payload);
      this.#started = true;
      this.#bar.update(received, payload);
    } else if (received >= this.#printed + STEP * total) {
      this.#printed = received;
      const { what, got, size, rate, left } = payload;
      console.error(`${what}: ${got} of ${size}, ${rate}/s, ${left} left`);
    }
  }

  /** Removes the bar, so that a line can be printed. */
  clear(): void {
    if (this.#started) this.#bar.stop();
    this.#started = false;
  }

  #payload(received: number, total: number) {
    const first = this.#history[0];
    const last = this.#history[this.#history.length - 1];
    const seconds = last.at - first.at;
    const rate = seconds > 0 ? (last.received - first.received) / seconds : 0;
    return {
      what: this.#what,
      got: bytesText(received),
      size: bytesText(total),
      rate: bytesText(rate),
      left: rate > 0 ? timeText((total - received) / rate) : "?",
    };
  }
}

function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}
