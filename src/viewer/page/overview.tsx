import { useState } from "preact/hooks";
import { useRef } from "preact/hooks";
import type { CameraStore } from "./camera_store.ts";
import type { PageStore } from "./page_store.ts";
import { PicturePainter } from "./picture_painter.ts";
import { StatePill } from "./state_pill.tsx";
import { useFrames } from "./use_store.ts";

/** All cameras side by side. */
export function Overview({ store }: { store: PageStore }) {
  return (
    <main class="overview">
      <h1 class="hidden">All cameras</h1>
      <ul>
        {[...store.cameras.values()].map((camera) => (
          <li key={camera.name}>
            <Tile store={store} camera={camera} />
          </li>
        ))}
      </ul>
    </main>
  );
}

function Tile({ store, camera }: { store: PageStore; camera: CameraStore }) {
  const canvasRef = useRef<HTMLCanvasElement>(null);
  const [painter] = useState(() => new PicturePainter());
  useFrames(() => {
    if (canvasRef.current) painter.draw(canvasRef.current, camera.pictures.newest);
  }, [camera]);
  const step = camera.steps.newest;
  const active = camera.description?.heads.filter((_, k) => step?.heads[k]?.active) ?? [];
  return (
    <button
      type="button"
      class={`tile ${active.map(({ kind }) => `active-${kind}`).join(" ")}`}
      onClick={() => store.select(camera.name)}
    >
      <canvas ref={canvasRef} aria-hidden="true" />
      <span class="caption">
        <strong>{camera.name}</strong>
        <StatePill state={camera.state} />
        {active.map(({ kind }) => <span key={kind} class={`kind ${kind}`}>{kind}</span>)}
      </span>
      <span class="meters" aria-hidden="true">
        {camera.description?.heads.map(({ kind }, k) => (
          <span
            key={kind}
            class={`meter ${kind}`}
            ref={(element) =>
              element?.style.setProperty("--score", String(step?.heads[k]?.score ?? 0))}
          />
        ))}
      </span>
    </button>
  );
}
