import type { PageStore } from "./page_store.ts";

/** Keys of the whole page: space freezes, 1 and 2 switch the heads, z draws zones, Escape goes back. */
export function listenToKeys(store: PageStore): () => void {
  const press = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || store.openEvent) return;
    if (target.closest("input, button, textarea, select, pre, summary") && event.key !== "Escape") {
      return;
    }
    const { camera } = store;
    const heads = camera?.description?.heads ?? [];
    if (event.key === " " && camera) {
      camera.freeze(camera.frozenT === undefined ? camera.shownT() : undefined);
    } else if (event.key === "Escape" && store.editingZones) store.editingZones = false;
    else if (event.key === "Escape" && camera?.frozenT !== undefined) camera.freeze(undefined);
    else if (event.key === "Escape" && store.cameras.size > 1) store.select(undefined);
    else if (event.key === "z" && camera) store.editingZones = !store.editingZones;
    else if (/^[1-9]$/.test(event.key) && heads[Number(event.key) - 1]) {
      store.toggleHead(heads[Number(event.key) - 1].kind);
    } else return;
    event.preventDefault();
    store.now();
  };
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}
