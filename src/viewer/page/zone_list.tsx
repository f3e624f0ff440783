import type { CameraStore } from "./camera_store.ts";
import type { PageStore } from "./page_store.ts";
import { copied } from "./zone_editor.tsx";

/** The zones by name: rename, remove, and start drawing. */
export function ZoneList(
  { store, camera, tune }: {
    store: PageStore;
    camera: CameraStore;
    tune: (change: unknown) => void;
  },
) {
  const zones = copied(camera.tuning?.zones ?? {});
  const names = Object.keys(zones);
  const rename = (from: string, to: string) => {
    if (!/^[A-Za-z0-9_-]+$/.test(to) || to in zones) return store.now();
    tune({ zones: { [from]: null, [to]: zones[from] } });
  };
  return (
    <fieldset class="zones">
      <legend>Zones</legend>
      {names.map((name) => (
        <div class="zone-row" key={name}>
          <input
            type="text"
            value={name}
            aria-label={`Name of zone ${name}`}
            pattern="[A-Za-z0-9_\-]+"
            onChange={(event) => rename(name, event.currentTarget.value)}
          />
          <button
            type="button"
            class="quiet"
            aria-label={`Remove zone ${name}`}
            onClick={() => tune({ zones: { [name]: null } })}
          >
            Remove
          </button>
        </div>
      ))}
      <button
        type="button"
        aria-pressed={store.editingZones}
        onClick={() => {
          store.editingZones = !store.editingZones;
          store.now();
        }}
      >
        {store.editingZones ? "Done" : "Draw and move zones"}
      </button>
      {store.editingZones && (
        <p class="hint">
          Click corners in the picture and double-click the last one. Drag zones and corners to move
          them; arrow keys move the focused corner, Delete removes it.
        </p>
      )}
    </fieldset>
  );
}
