import { useEffect, useRef, useState } from "preact/hooks";
import type { CameraStore } from "./camera_store.ts";
import { HeatPainter } from "./heat.ts";
import { Marks } from "./marks.tsx";
import type { PageStore } from "./page_store.ts";
import { PicturePainter } from "./picture_painter.ts";
import { useFrames } from "./use_store.ts";
import { ZoneEditor } from "./zone_editor.tsx";

/** Width of the canvas that maps are drawn into; the browser scales it up. */
const HEAT_WIDTH = 480;
/** Distance from a map's time beyond which it is not shown, s. */
const NEAR_SECONDS = 0.5;

/** The picture with everything that is drawn over it. */
export function Stage({ store, camera }: { store: PageStore; camera: CameraStore }) {
  const pictureRef = useRef<HTMLCanvasElement>(null);
  const heatRef = useRef<HTMLCanvasElement>(null);
  const [painters] = useState(() => ({ picture: new PicturePainter(), heat: new HeatPainter() }));
  const [shown, setShown] = useState<number>();
  useEffect(() => {
    painters.picture = new PicturePainter();
  }, [camera]);
  useFrames(() => {
    const t = camera.shownT();
    const { description } = camera;
    const heat = heatRef.current;
    if (t === undefined || !pictureRef.current || !heat || !description) return;
    const step = camera.steps.nearest(t);
    const near = step && Math.abs(step.t - t) < NEAR_SECONDS ? step : undefined;
    const pictureT = near && camera.frozenT !== undefined ? near.frameT : t;
    painters.picture.draw(
      pictureRef.current,
      camera.pictures.at(pictureT + 1e-4) ?? camera.pictures.all[0],
    );
    const height = Math.round(
      HEAT_WIDTH * description.fit.sourceHeight / description.fit.sourceWidth,
    );
    if (heat.width !== HEAT_WIDTH || heat.height !== height) {
      heat.width = HEAT_WIDTH;
      heat.height = height;
    }
    const context = heat.getContext("2d")!;
    context.clearRect(0, 0, heat.width, heat.height);
    const maps = camera.maps.nearest(t);
    if (near && maps && Math.abs(maps.t - near.t) < NEAR_SECONDS) {
      const cells = description.grid.width * description.grid.height;
      description.heads.forEach(({ kind }, k) => {
        if (!store.overlay[kind]) return;
        const map = maps.values.subarray(k * cells, (k + 1) * cells);
        const layer = { kind, map, score: near.heads[k].score };
        painters.heat.draw(context, layer, description, store.overlay.opacity);
      });
    }
    heat.dataset.t = t.toFixed(3);
    setShown(near?.t ?? t);
  }, [store, camera]);
  const fit = camera.description?.fit;
  const ratio = fit ? `${fit.sourceWidth} / ${fit.sourceHeight}` : "16 / 9";
  const fraction = fit ? fit.sourceWidth / fit.sourceHeight : 16 / 9;
  return (
    <div
      class="stage"
      ref={(element) => {
        element?.style.setProperty("--ratio", ratio);
        element?.style.setProperty("--fraction", String(fraction));
      }}
    >
      <canvas
        ref={pictureRef}
        class={`picture ${camera.pictures.newest ? "" : "empty"}`}
        role="img"
        aria-label={`Picture of ${camera.name}`}
      />
      <canvas ref={heatRef} class="heat" aria-hidden="true" />
      {store.editingZones
        ? <ZoneEditor store={store} camera={camera} />
        : <Marks store={store} camera={camera} t={shown} />}
      {!camera.pictures.newest && <StageNote camera={camera} />}
      {camera.frozenT !== undefined && <span class="frozen-badge">frozen</span>}
    </div>
  );
}

function StageNote({ camera }: { camera: CameraStore }) {
  const { state, description } = camera;
  const text = state?.state === "failed" || state?.state === "reconnecting"
    ? state.reason
    : description && !description.pictures
    ? "the source gives no pictures"
    : state?.state === "stopped"
    ? state.reason ?? "stopped"
    : "waiting for the first picture";
  return <p class="stage-note">{text}</p>;
}
