import type { Log } from "../../core/log.ts";
import type { PipelineState } from "../../events/event.ts";
import { OwnStates } from "./own_states.ts";

/** What a state topic works with. */
export interface StateTopicOptions {
  readonly topic: string;
  readonly pipeline: string;
  readonly log: Log;
  /** Publishes the retained state. */
  readonly retain: (payload: string) => void;
  /** Why events cannot be stored now, which becomes a part of the state's reason. */
  readonly complaint: () => string | undefined;
}

/** The retained state of one pipeline; notices other processes that publish under the same name. */
export class StateTopic {
  readonly #options: StateTopicOptions;
  readonly #own = new OwnStates();
  #state: PipelineState | undefined;
  /** Complaint in the state that was published last. */
  #publishedComplaint: string | undefined;
  #hasNamesake = false;

  constructor(options: StateTopicOptions) {
    this.#options = options;
  }

  set(state: PipelineState): void {
    this.#state = state;
    this.#publish();
  }

  /** Publishes the state again if the complaint has come or gone. */
  refreshIfComplaintToggled(): void {
    const { complaint } = this.#options;
    if ((complaint() === undefined) !== (this.#publishedComplaint === undefined)) this.#publish();
  }

  /** Publishes the state again if the complaint's text has changed. */
  refresh(): void {
    if (this.#options.complaint() !== this.#publishedComplaint) this.#publish();
  }

  /**
   * Takes a state from the broker: warns once if another process publishes under the same name, and corrects the state when
   * that one stops.
   */
  compare(payload: Uint8Array): void {
    const text = new TextDecoder().decode(payload);
    if (text === "" || this.#own.originOf(text) !== "other") return;
    const { topic, pipeline, log } = this.#options;
    if (!this.#hasNamesake) {
      log("warning", `Another process also publishes to ${topic}: change the name of ${pipeline}`);
    }
    this.#hasNamesake = true;
    const mine = this.#state?.state;
    if (hasEnded(text) && mine !== "stopped" && mine !== "failed") this.#publish();
  }

  #publish(): void {
    const complaint = this.#options.complaint();
    this.#publishedComplaint = complaint;
    if (this.#state === undefined) return;
    const reasons = [this.#state.reason, complaint].filter((text) => typeof text === "string");
    const reason = reasons.length === 0 ? null : reasons.join("; ");
    const payload = JSON.stringify({ ...this.#state, reason });
    this.#own.sent(payload);
    this.#options.retain(payload);
  }
}

/** Whether a state says that its pipeline does not run any more. */
function hasEnded(text: string): boolean {
  try {
    const { state } = JSON.parse(text);
    return state === "stopped" || state === "failed";
  } catch {
    return false;
  }
}
