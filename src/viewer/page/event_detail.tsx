import { useEffect, useRef, useState } from "preact/hooks";
import type { CameraStore, EventEntry } from "./camera_store.ts";
import { clockText, scoreText, secondsText } from "./format.ts";
import { HeatPainter } from "./heat.ts";
import type { PageStore } from "./page_store.ts";

/** One event in full: picture, score curve, values, the JSON as published. */
export function EventDetail({ store }: { store: PageStore }) {
  const dialogRef = useRef<HTMLDialogElement>(null);
  const camera = store.openEvent && store.cameras.get(store.openEvent.camera);
  const entry = camera?.events.get(store.openEvent!.id);
  useEffect(() => {
    if (entry && !dialogRef.current!.open) dialogRef.current!.showModal();
  }, [entry]);
  if (!camera || !entry) return null;
  const { event } = entry.messages.at(-1)!;
  const close = () => {
    store.openEvent = undefined;
    store.now();
  };
  const json = JSON.stringify(event, null, 2);
  return (
    <dialog ref={dialogRef} class="detail" aria-labelledby="detail-title" onClose={close}>
      <header>
        <h2 id="detail-title">
          <span class={`kind ${event.kind}`}>{event.kind}</span> {clockText(event.onset * 1000)}
        </h2>
        <button
          type="button"
          class="quiet"
          onClick={() => dialogRef.current!.close()}
          aria-label="Close"
        >
          ✕
        </button>
      </header>
      <DetailPicture camera={camera} entry={entry} />
      {event.type === "end" && event.media.clip && (
        <Clip
          key={event.media.clip}
          camera={camera.name}
          name={event.media.clip}
          picture={event.media.picture}
        />
      )}
      <dl class="facts">
        <Fact name="score" value={scoreText(event.score)} />
        <Fact
          name="duration"
          value={event.offset === null ? "active" : secondsText(event.duration)}
        />
        <Fact name="zones" value={event.zones.join(", ") || "none"} />
        <Fact
          name="labels"
          value={event.labels.map(({ name, score }) => `${name} ${scoreText(score)}`).join(", ") ||
            "none"}
        />
        <Fact name="latency" value={`${Math.round(event.latency_ms)} ms`} />
        {event.media.clip && <Fact name="clip" value={event.media.clip} />}
        <Fact name="messages" value={String(event.seq + 1)} />
      </dl>
      <Curve entry={entry} camera={camera} />
      <div class="actions">
        <button
          type="button"
          onClick={() => {
            camera.freeze(entry.best?.picture.t ?? event.stream.onset);
            dialogRef.current!.close();
          }}
        >
          Show on the timeline
        </button>
        <button type="button" onClick={() => void navigator.clipboard?.writeText(json)}>
          Copy JSON
        </button>
      </div>
      <pre class="json" tabindex={0} aria-label="Event as published">{json}</pre>
    </dialog>
  );
}

/** The event's clip with sound; it is complete some seconds after the event. */
function Clip(
  { camera, name, picture }: { camera: string; name: string; picture: string | undefined },
) {
  const [missing, setMissing] = useState(false);
  return missing ? <p class="empty">The clip is not complete yet, or was deleted.</p> : (
    <video
      class="detail-clip"
      controls
      preload="none"
      aria-label="Clip of the event with sound"
      poster={picture && `/recordings/${camera}/${picture}`}
      src={`/recordings/${camera}/${name}`}
      onError={() => setMissing(true)}
    />
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function DetailPicture({ camera, entry }: { camera: CameraStore; entry: EventEntry }) {
  const canvasRef = useRef<HTMLCanvasElement>(null);
  const { best } = entry;
  const { event } = entry.messages.at(-1)!;
  useEffect(() => {
    if (best) void draw(canvasRef.current!, camera, entry);
  }, [best?.picture]);
  return best
    ? (
      <canvas
        ref={canvasRef}
        class="detail-picture"
        role="img"
        aria-label={`${event.kind} in the picture of ${camera.name}`}
      />
    )
    : event.type === "end" && event.media.picture
    ? (
      <img
        class="detail-picture"
        src={`/recordings/${camera.name}/${event.media.picture}`}
        alt={`${event.kind} in the picture of ${camera.name}`}
      />
    )
    : <p class="empty">No page was open when this happened: there is no picture.</p>;
}

async function draw(
  canvas: HTMLCanvasElement,
  camera: CameraStore,
  entry: EventEntry,
): Promise<void> {
  const { picture, maps } = entry.best!;
  const bitmap = await createImageBitmap(picture.blob).catch(() => undefined);
  if (bitmap === undefined) return;
  const { width, height } = bitmap;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { event: { head, kind } } = entry.messages.at(-1)!;
  const box =
    (entry.messages.findLast(({ t }) => t <= picture.t + 0.5) ?? entry.messages[0]).event.box;
  const { description } = camera;
  if (maps && description) {
    const cells = description.grid.width * description.grid.height;
    const map = maps.values.subarray(head * cells, (head + 1) * cells);
    new HeatPainter().draw(context, { kind, map, score: 1 }, description, 0.6);
  }
  if (!box) return;
  context.strokeStyle = getComputedStyle(canvas).getPropertyValue(`--${kind}-mark`).trim();
  context.lineWidth = Math.max(2, width / 250);
  context.strokeRect(
    box[0] * width,
    box[1] * height,
    (box[2] - box[0]) * width,
    (box[3] - box[1]) * height,
  );
}

const CURVE = { width: 600, height: 110 } as const;

/** The score around the event with its thresholds. */
function Curve({ entry, camera }: { entry: EventEntry; camera: CameraStore }) {
  const { event: { head, stream: { onset, offset }, kind } } = entry.messages.at(-1)!;
  const last = offset ?? camera.newestT;
  const fresh = camera.steps.between(onset - 2, last + 2);
  const steps = fresh.length > entry.curve.length ? fresh : entry.curve;
  if (steps.length < 2) return null;
  const [from, to] = [steps[0].t, steps.at(-1)!.t];
  const x = (t: number) => (t - from) / (to - from) * CURVE.width;
  const y = (score: number) => (1 - score) * (CURVE.height - 8) + 4;
  const points = steps.map((step) =>
    `${x(step.t).toFixed(1)},${y(step.heads[head].score).toFixed(1)}`
  );
  const { on, off } = steps.at(-1)!.heads[head];
  return (
    <svg
      class={`curve ${kind}`}
      viewBox={`0 0 ${CURVE.width} ${CURVE.height}`}
      role="img"
      aria-label={`Score from 2 s before the event, highest ${
        scoreText(Math.max(...steps.map(({ heads }) => heads[head].score)))
      }`}
    >
      <rect
        class="span"
        x={x(onset)}
        width={Math.max(2, x(Math.min(last, to)) - x(onset))}
        y="0"
        height={CURVE.height}
      />
      <line class="on" x1="0" x2={CURVE.width} y1={y(on)} y2={y(on)} />
      <line class="off" x1="0" x2={CURVE.width} y1={y(off)} y2={y(off)} />
      <polyline points={points.join(" ")} />
    </svg>
  );
}
