import type { PipelineState } from "../../events/event.ts";

/** What a pipeline is doing, with the reason if there is one. */
export function StatePill({ state }: { state: PipelineState | undefined }) {
  if (!state) return null;
  return (
    <span
      class={`pill ${state.state} ${state.state === "running" && state.reason ? "troubled" : ""}`}
      title={state.reason ?? undefined}
    >
      {state.state}
      {state.reason !== null && <span class="why">: {state.reason}</span>}
    </span>
  );
}
