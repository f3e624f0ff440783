import type { Log } from "../core/log.ts";
import { maskSecrets } from "../core/secrets.ts";
import type { PipelineState } from "../events/event.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

/** What a state report works with. */
export interface StateReportOptions {
  readonly publisher: Publisher;
  readonly telemetry: Telemetry;
  readonly log: Log;
  /** What each part of the model runs on; undefined before it is loaded. */
  readonly providers: () => PipelineState["providers"];
}

/** Reports the state of a pipeline: in the log, to its sinks and as telemetry. */
export class StateReport {
  readonly #options: StateReportOptions;
  #refusal: string | null = null;
  #told: { readonly state: PipelineState["state"]; readonly reason: string | null } | undefined;

  constructor(options: StateReportOptions) {
    this.#options = options;
  }

  /** Adds to `running` why a changed pipeline file is not used; null if it is. */
  refuse(reason: string | null): void {
    if (reason === this.#refusal) return;
    this.#refusal = reason;
    if (this.#told?.state === "running") this.report("running", this.#told.reason);
  }

  /** @param retryMs time until the next try, if there is one; while reconnecting, at most. */
  report(state: PipelineState["state"], cause: string | null, retryMs?: number): void {
    const { publisher, telemetry, log, providers } = this.#options;
    const when = state === "reconnecting" ? "within" : "in";
    const reason = retryMs === undefined ? cause : `${cause}; next try ${when} ${retryMs / 1000} s`;
    this.#told = { state, reason };
    const reasons = state === "running" ? [reason, this.#refusal] : [reason];
    const shown = maskSecrets(reasons.filter((text) => text !== null).join("; ")) || null;
    const troubled = state === "reconnecting" || (state === "running" && shown !== null);
    const level = state === "failed" ? "error" : troubled ? "warning" : "info";
    log(level, shown === null ? state : `${state}: ${shown}`);
    const told = { state, since: Date.now() / 1000, reason: shown, providers: providers() };
    publisher.state(told);
    telemetry.tell("state", told);
  }
}
