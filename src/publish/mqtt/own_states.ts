/** States kept for comparison: a broker returns them in order, soon after they were sent. */
const KEPT = 50;

/** Where a message on a pipeline's state topic comes from: `earlier` from a former run, most likely. */
export type StateOrigin = "own" | "earlier" | "other";

/** Tells the states that this process published from those of others with the same name. */
export class OwnStates {
  readonly #payloads: string[] = [];
  #returned = false;

  /** Notes a state that is published. */
  sent(payload: string): void {
    this.#payloads.push(payload);
    if (this.#payloads.length > KEPT) this.#payloads.shift();
  }

  /** Judges a message that came from the broker. Once an own one came back, any other was published after it. */
  originOf(payload: string): StateOrigin {
    if (this.#payloads.includes(payload)) {
      this.#returned = true;
      return "own";
    }
    return this.#returned ? "other" : "earlier";
  }
}
