import { HEAD_COLORS } from "../core/head_colors.ts";
import type { HeadKind } from "../core/head_kind.ts";
import type { WhenceEvent } from "../events/event.ts";
import type { Time } from "./time.ts";

const LOOP = 2;
const NONE = { r: 0, g: 0, b: 0, a: 0 };
const ZERO = { x: 0, y: 0, z: 0 };
/** Length of a bearing's ray, m. */
const RAY = 2;

function colorOf(kind: HeadKind) {
  const [r, g, b] = HEAD_COLORS[kind].map((value) => value / 255);
  return { r, g, b, a: 1 };
}

/** Boxes, peaks and labels of events, as `foxglove.ImageAnnotations` in pixels of a picture. */
export function imageAnnotations(
  events: readonly WhenceEvent[],
  timestamp: Time,
  { width, height }: { readonly width: number; readonly height: number },
) {
  const located = events.flatMap(({ box, peak, ...event }) =>
    box === undefined || peak === undefined ? [] : [{ ...event, box, peak }]
  );
  const thickness = Math.max(1, width / 300);
  const at = (x: number, y: number) => ({ x: x * width, y: y * height });
  return {
    timestamp,
    circles: located.map(({ kind, peak: [x, y] }) => ({
      timestamp,
      position: at(x, y),
      diameter: width / 40,
      thickness,
      fill_color: NONE,
      outline_color: colorOf(kind),
      metadata: [],
    })),
    points: located.map(({ kind, box: [x1, y1, x2, y2] }) => ({
      timestamp,
      type: LOOP,
      points: [at(x1, y1), at(x2, y1), at(x2, y2), at(x1, y2)],
      outline_color: colorOf(kind),
      outline_colors: [],
      fill_color: NONE,
      thickness,
      metadata: [],
    })),
    texts: located.map(({ kind, labels, score, box: [x1, y1] }) => ({
      timestamp,
      position: at(x1, y1),
      text: `${labels[0]?.name ?? kind} ${score.toFixed(2)}`,
      font_size: width / 45,
      text_color: { r: 1, g: 1, b: 1, a: 1 },
      background_color: { r: 0, g: 0, b: 0, a: 0.7 },
      metadata: [],
    })),
    metadata: [],
  };
}

/** The bearing of an event as a ray from the camera: `foxglove.SceneUpdate`; undefined without a bearing. */
export function bearingScene(event: WhenceEvent, timestamp: Time) {
  if (event.bearing === undefined) return undefined;
  const { azimuth, elevation } = event.bearing;
  const end = {
    x: RAY * Math.cos(elevation) * Math.cos(azimuth),
    y: RAY * Math.cos(elevation) * Math.sin(azimuth),
    z: RAY * Math.sin(elevation),
  };
  const pose = { position: ZERO, orientation: { x: 0, y: 0, z: 0, w: 1 } };
  const color = colorOf(event.kind);
  return {
    deletions: [],
    entities: [{
      timestamp,
      frame_id: event.header.frame_id,
      id: event.id,
      lifetime: { sec: 1, nsec: 0 },
      frame_locked: true,
      metadata: [{ key: "kind", value: event.kind }],
      arrows: [],
      cubes: [],
      spheres: [],
      cylinders: [],
      lines: [{
        type: 0,
        pose,
        thickness: 0.02,
        scale_invariant: false,
        points: [ZERO, end],
        color,
        colors: [],
        indices: [],
      }],
      triangles: [],
      texts: [{
        pose: { position: end, orientation: pose.orientation },
        billboard: true,
        font_size: 14,
        scale_invariant: true,
        color,
        text: event.labels[0]?.name ?? event.kind,
      }],
      models: [],
    }],
  };
}
