import { useEffect, useRef, useState } from "preact/hooks";
import type { Position } from "../../telemetry/topics.ts";
import type { CameraStore } from "./camera_store.ts";
import { polygonText } from "./marks.tsx";
import type { PageStore } from "./page_store.ts";

/** How far an arrow key moves a corner. */
const KEY_STEP = 0.01;

type Zones = Record<string, Position[]>;
type Grip = {
  readonly zone: string;
  readonly corner?: number;
  readonly from: Position;
  readonly zones: Zones;
  now?: Zones;
};

/** Draws and moves zones with the mouse, a finger or the keyboard. */
export function ZoneEditor({ store, camera }: { store: PageStore; camera: CameraStore }) {
  const svgRef = useRef<SVGSVGElement>(null);
  const grip = useRef<Grip | undefined>(undefined);
  /** The click that ends a drag draws nothing. */
  const dropped = useRef(false);
  const [draft, setDraft] = useState<readonly Position[]>([]);
  const [moving, setMoving] = useState<Zones>();
  useEffect(() => {
    if (!grip.current) setMoving(undefined);
  }, [camera.tuning, camera.yaml]);
  /** New zones are numbered; the server's answer with the last one may still be on its way. */
  const lastNumber = useRef(0);
  const zones = moving ?? copied(camera.tuning?.zones ?? {});
  const { sourceWidth: width, sourceHeight: height } = camera.description!.fit;
  const unit = Math.max(width, height) / 1000;
  /** Sends the zones that differ; they are shown at once, until the server's answer shows them. */
  const apply = (changed: Zones) => {
    setMoving({ ...zones, ...changed });
    store.connection.send({ type: "tune", pipeline: camera.name, change: { zones: changed } });
  };
  const at = ({ clientX, clientY }: PointerEvent | MouseEvent): Position => {
    const { left, top, width, height } = svgRef.current!.getBoundingClientRect();
    return [rounded((clientX - left) / width), rounded((clientY - top) / height)];
  };
  const finish = (points: readonly Position[]) => {
    setDraft([]);
    if (points.length < 3) return;
    lastNumber.current = freeNumber(zones, lastNumber.current);
    apply({ [`zone-${lastNumber.current}`]: [...points] });
  };
  const take = (event: PointerEvent, zone: string, corner?: number) => {
    if (draft.length > 0) return;
    event.stopPropagation();
    svgRef.current!.setPointerCapture(event.pointerId);
    grip.current = { zone, corner, from: at(event), zones };
    setMoving(zones);
  };
  const move = (event: PointerEvent) => {
    if (!grip.current) return;
    const { zone, corner, from, zones } = grip.current;
    const to = at(event);
    grip.current.now = moved(zones, zone, corner, [to[0] - from[0], to[1] - from[1]]);
    setMoving(grip.current.now);
  };
  const drop = () => {
    const { now, zone } = grip.current ?? {};
    dropped.current = grip.current !== undefined;
    grip.current = undefined;
    if (now) apply({ [zone!]: now[zone!] });
    else setMoving(undefined);
  };
  const key = (event: KeyboardEvent, zone: string, corner: number) => {
    const by = ARROWS[event.key];
    if (event.key === "Delete" && zones[zone].length > 3) {
      apply({ [zone]: zones[zone].filter((_, i) => i !== corner) });
    } else if (by) {
      const step: Position = [by[0] * KEY_STEP, by[1] * KEY_STEP];
      apply({ [zone]: moved(zones, zone, corner, step)[zone] });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <svg
      ref={svgRef}
      class="zone-editor"
      viewBox={`0 0 ${width} ${height}`}
      role="group"
      aria-label="Zone editor"
      onPointerMove={move}
      onPointerUp={drop}
      onPointerCancel={drop}
      onClick={(event) => {
        if (dropped.current) {
          dropped.current = false;
          return;
        }
        const point = at(event);
        const first = draft[0];
        const closes = draft.length >= 3 &&
          Math.hypot(point[0] - first[0], point[1] - first[1]) < 0.03;
        if (closes) finish(draft);
        else setDraft([...draft, point]);
      }}
      onDblClick={() => finish(draft.slice(0, -1))}
    >
      <rect class="catcher" width={width} height={height} />
      {Object.entries(zones).map(([name, points]) => (
        <g key={name}>
          <polygon
            class="zone editable"
            points={polygonText(points, width, height)}
            onPointerDown={(event) => take(event, name)}
            onClick={(event) => draft.length === 0 && event.stopPropagation()}
          />
          {points.map(([x, y], corner) => (
            <circle
              key={corner}
              class="corner"
              cx={x * width}
              cy={y * height}
              r={11 * unit}
              tabindex={0}
              role="button"
              aria-label={`Corner ${corner + 1} of zone ${name}`}
              onPointerDown={(event) => take(event, name, corner)}
              onClick={(event) => event.stopPropagation()}
              onKeyDown={(event) => key(event, name, corner)}
            />
          ))}
        </g>
      ))}
      {draft.length > 0 && (
        <g>
          <polyline class="zone draft" points={polygonText(draft, width, height)} />
          {draft.map(([x, y], i) => (
            <circle key={i} class="corner" cx={x * width} cy={y * height} r={9 * unit} />
          ))}
        </g>
      )}
    </svg>
  );
}

const ARROWS: Readonly<Record<string, Position>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Zones that may be changed. */
export function copied(zones: Readonly<Record<string, readonly Position[]>>): Zones {
  return Object.fromEntries(Object.entries(zones).map(([name, points]) => [name, [...points]]));
}

function moved(zones: Zones, zone: string, corner: number | undefined, [x, y]: Position): Zones {
  const points = zones[zone].map(([px, py], i): Position =>
    corner === undefined || corner === i ? [rounded(px + x), rounded(py + y)] : [px, py]
  );
  return { ...zones, [zone]: points };
}

function rounded(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * 1000) / 1000;
}

function freeNumber(zones: Zones, last: number): number {
  let number = Math.max(Object.keys(zones).length, last) + 1;
  while (`zone-${number}` in zones) number++;
  return number;
}
