import type { Description, Position, Tuning } from "../../telemetry/topics.ts";
import type { WireTopics } from "../wire.ts";
import { BearingFan } from "./bearing_fan.tsx";
import type { CameraStore } from "./camera_store.ts";
import { scoreText } from "./format.ts";
import type { PageStore } from "./page_store.ts";

/** Shown below `off` too, but thin: the peak of a head that hears next to nothing means nothing. */
const FAINT_SCORE = 0.15;

/** Zones, peaks, boxes and names over the picture, and the bearing. */
export function Marks(
  { store, camera, t }: { store: PageStore; camera: CameraStore; t: number | undefined },
) {
  const { description, tuning } = camera;
  if (!description) return null;
  const { sourceWidth: width, sourceHeight: height } = description.fit;
  const step = t === undefined ? undefined : camera.steps.nearest(t);
  const active = t === undefined ? [] : camera.activeAt(t);
  const unit = Math.max(width, height) / 1000;
  const labels = active.filter(({ event }) => store.overlay[event.kind] && event.box);
  return (
    <>
      <svg class="marks" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {store.overlay.zones && tuning && (
          <Zones tuning={tuning} width={width} height={height} unit={unit} />
        )}
        {step && (
          <Peaks
            step={step}
            description={description}
            store={store}
            width={width}
            height={height}
            unit={unit}
          />
        )}
        {labels.map(({ event: { id, kind, box } }) => (
          <rect
            key={id}
            class={`box ${kind}`}
            x={box![0] * width}
            y={box![1] * height}
            width={(box![2] - box![0]) * width}
            height={(box![3] - box![1]) * height}
            rx={4 * unit}
          />
        ))}
      </svg>
      <div class="tags" aria-live="off">
        {labels.map(({ event }) => (
          <span
            key={event.id}
            class={`tag ${event.kind}`}
            ref={(element) => place(element, event.box![0], event.box![1])}
          >
            {[
              event.kind,
              scoreText(event.current_score),
              ...event.labels.map(({ name }) => name),
              ...event.zones,
            ]
              .join(" · ")}
          </span>
        ))}
      </div>
      {description.optics && (
        <BearingFan
          description={description}
          step={step}
          active={active.map(({ event }) => event)}
        />
      )}
    </>
  );
}

function place(element: HTMLElement | null, x: number, y: number): void {
  if (!element) return;
  element.style.left = `${Math.min(x, 0.85) * 100}%`;
  element.style.top = `${Math.max(y, 0.05) * 100}%`;
}

function Zones(
  { tuning, width, height, unit }: { tuning: Tuning; width: number; height: number; unit: number },
) {
  return (
    <g>
      {Object.entries(tuning.zones).map(([name, points]) => (
        <g key={name}>
          <polygon class="zone" points={polygonText(points, width, height)} />
          <text
            class="zone-name"
            x={Math.min(...points.map(([x]) => x)) * width + 10 * unit}
            y={Math.max(...points.map(([, y]) => y)) * height - 12 * unit}
            font-size={22 * unit}
          >
            {name}
          </text>
        </g>
      ))}
    </g>
  );
}

/** Corners as SVG writes them. */
export function polygonText(points: readonly Position[], width: number, height: number): string {
  return points.map(([x, y]) => `${x * width},${y * height}`).join(" ");
}

function Peaks(
  { step, description, store, width, height, unit }: {
    step: WireTopics["step"];
    description: Description;
    store: PageStore;
    width: number;
    height: number;
    unit: number;
  },
) {
  return (
    <g>
      {step.heads.map(({ peak: [x, y], score, active, off }, k) => {
        const { kind } = description.heads[k];
        if (!store.overlay[kind] || score < FAINT_SCORE) return null;
        const strong = active || score >= off;
        return (
          <g key={kind} class={`peak ${kind} ${strong ? "" : "faint"}`}>
            <circle class="halo" cx={x * width} cy={y * height} r={13 * unit} />
            <circle cx={x * width} cy={y * height} r={13 * unit} />
            <circle class="dot" cx={x * width} cy={y * height} r={3.5 * unit} />
          </g>
        );
      })}
    </g>
  );
}
