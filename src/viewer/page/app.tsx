import { useEffect, useState } from "preact/hooks";
import type { CameraStore } from "./camera_store.ts";
import { EventDetail } from "./event_detail.tsx";
import { EventsPanel, NearMissesPanel } from "./events_panel.tsx";
import { listenToKeys } from "./keys.ts";
import { OverlayControls } from "./overlay_controls.tsx";
import { Overview } from "./overview.tsx";
import type { PageStore } from "./page_store.ts";
import { Stage } from "./stage.tsx";
import { StatePill } from "./state_pill.tsx";
import { StatusPanel } from "./status_panel.tsx";
import { nextTheme, type Theme, themeOf } from "./theme.ts";
import { Timeline } from "./timeline.tsx";
import { TuningPanel } from "./tuning_panel.tsx";
import { useStore } from "./use_store.ts";

/** The whole page. */
export function App({ store }: { store: PageStore }) {
  useStore(store);
  useEffect(() => listenToKeys(store), [store]);
  const { camera } = store;
  return (
    <>
      <Header store={store} camera={camera} />
      {store.link === "lost" && (
        <p class="banner" role="status">No connection to Whence. Trying again…</p>
      )}
      {camera
        ? <CameraView key={camera.name} store={store} camera={camera} />
        : store.cameras.size > 0
        ? <Overview store={store} />
        : (
          <main class="waiting">
            <h1>Connecting…</h1>
          </main>
        )}
      <EventDetail store={store} />
    </>
  );
}

function CameraView({ store, camera }: { store: PageStore; camera: CameraStore }) {
  return (
    <main class="camera" data-frozen={camera.frozenT !== undefined}>
      <h1 class="hidden">{camera.name}</h1>
      <div class="watch">
        <Stage store={store} camera={camera} />
        <OverlayControls store={store} camera={camera} />
        <Timeline store={store} camera={camera} />
        <Legend />
      </div>
      <div class="side">
        <EventsPanel store={store} camera={camera} />
        <NearMissesPanel store={store} camera={camera} />
        <TuningPanel store={store} camera={camera} />
        <StatusPanel store={store} camera={camera} />
      </div>
    </main>
  );
}

function Legend() {
  return (
    <p class="legend">
      <span class="line level">level, dBFS</span>
      <span class="line gate">gate</span>
      <span class="line sound">sound score</span>
      <span class="line speech">speech score</span>
      <span class="hint">
        dashes: on, dots: off · red: skipped hops · gray: gaps · click or drag to freeze
      </span>
    </p>
  );
}

function Header({ store, camera }: { store: PageStore; camera: CameraStore | undefined }) {
  const names = [...store.cameras.keys()];
  return (
    <header class="top">
      <span class="brand">
        <img src="/icon.svg" alt="" width="22" height="22" /> Whence
      </span>
      {names.length > 1 && (
        <nav aria-label="Cameras">
          <button
            type="button"
            aria-current={store.selected === undefined ? "page" : undefined}
            onClick={() => store.select(undefined)}
          >
            All
          </button>
          {names.map((name) => (
            <button
              key={name}
              type="button"
              aria-current={store.selected === name ? "page" : undefined}
              onClick={() => store.select(name)}
            >
              {name}
            </button>
          ))}
        </nav>
      )}
      {names.length === 1 && <strong class="only">{names[0]}</strong>}
      {camera && <StatePill state={camera.state} />}
      <span class="spacer" />
      <ThemeButton />
    </header>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(themeOf);
  return (
    <button type="button" class="quiet" onClick={() => setTheme(nextTheme(theme))}>
      {theme === "auto" ? "Theme: auto" : `Theme: ${theme}`}
    </button>
  );
}
