import type { CameraStore } from "./camera_store.ts";
import { clockText } from "./format.ts";
import type { PageStore } from "./page_store.ts";

/** Switches of the overlay, and the way back from a frozen moment. */
export function OverlayControls({ store, camera }: { store: PageStore; camera: CameraStore }) {
  const { overlay } = store;
  const t = camera.frozenT;
  const moment = t === undefined ? undefined : camera.steps.nearest(t);
  return (
    <div class="controls">
      {(camera.description?.heads ?? []).map(({ kind, calibrated }) => (
        <button
          key={kind}
          type="button"
          class={`toggle ${kind}`}
          aria-pressed={overlay[kind]}
          title={calibrated
            ? undefined
            : "not calibrated: scores only rank time steps against each other"}
          onClick={() => store.toggleHead(kind)}
        >
          {kind}
        </button>
      ))}
      <button
        type="button"
        class="toggle"
        aria-pressed={overlay.zones}
        onClick={() => store.setOverlay({ zones: !overlay.zones })}
      >
        zones
      </button>
      <label class="opacity">
        <span>opacity</span>
        <input
          type="range"
          aria-label="Overlay opacity"
          min={0}
          max={1}
          step={0.05}
          value={overlay.opacity}
          onInput={(event) => store.setOverlay({ opacity: Number(event.currentTarget.value) })}
        />
      </label>
      <span class="spacer" />
      {moment && <span class="moment">{clockText(moment.epochMs)}</span>}
      <button
        type="button"
        class={t === undefined ? "freeze" : "freeze primary"}
        onClick={() => {
          camera.freeze(t === undefined ? camera.shownT() : undefined);
          store.now();
        }}
      >
        {t === undefined ? "Freeze" : "Back to live"}
      </button>
    </div>
  );
}
