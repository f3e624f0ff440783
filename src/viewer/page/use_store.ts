import { useEffect, useState } from "preact/hooks";
import type { PageStore } from "./page_store.ts";

/** Renders a component again after changes of the store. */
export function useStore(store: PageStore): void {
  const [, setCount] = useState(0);
  useEffect(() => store.listen(() => setCount((count) => count + 1)), [store]);
}

/** Calls a function for each animation frame while the component is shown. */
export function useFrames(draw: () => void, inputs: readonly unknown[]): void {
  useEffect(() => {
    let handle = requestAnimationFrame(function frame() {
      draw();
      handle = requestAnimationFrame(frame);
    });
    return () => cancelAnimationFrame(handle);
  }, inputs);
}
