import { useEffect, useRef } from "preact/hooks";
import type { WhenceEvent } from "../../events/event.ts";
import type { EventEntry } from "./camera_store.ts";

const WIDTH = 128;
const HEIGHT = 80;
/** The box takes at most this share of the thumbnail. */
const BOX_SHARE = 0.6;

/** The part of the picture around an event's box. */
export function Thumbnail({ best, event }: { best: EventEntry["best"]; event: WhenceEvent }) {
  const canvasRef = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (best) void draw(canvasRef.current!, best.picture.blob, event);
  }, [best?.picture]);
  return best
    ? <canvas ref={canvasRef} class="thumbnail" width={WIDTH} height={HEIGHT} aria-hidden="true" />
    : <span class="thumbnail absent" aria-hidden="true" />;
}

async function draw(
  canvas: HTMLCanvasElement,
  blob: Blob,
  { box, kind }: WhenceEvent,
): Promise<void> {
  const picture = await createImageBitmap(blob).catch(() => undefined);
  if (picture === undefined) return;
  const [x1, y1, x2, y2] = box ?? [0, 0, 1, 1];
  const [boxWidth, boxHeight] = [(x2 - x1) * picture.width, (y2 - y1) * picture.height];
  const largest = Math.min(picture.width / WIDTH, picture.height / HEIGHT);
  const scale = Math.min(largest, Math.max(boxWidth / WIDTH, boxHeight / HEIGHT) / BOX_SHARE);
  const [width, height] = [WIDTH * scale, HEIGHT * scale];
  const within = (value: number, size: number, whole: number) =>
    Math.min(Math.max(value, 0), whole - size);
  const left = within((x1 + x2) / 2 * picture.width - width / 2, width, picture.width);
  const top = within((y1 + y2) / 2 * picture.height - height / 2, height, picture.height);
  const context = canvas.getContext("2d")!;
  context.drawImage(picture, left, top, width, height, 0, 0, WIDTH, HEIGHT);
  if (box) {
    context.strokeStyle = getComputedStyle(canvas).getPropertyValue(`--${kind}-mark`).trim();
    context.lineWidth = 2;
    context.strokeRect(
      (x1 * picture.width - left) / scale,
      (y1 * picture.height - top) / scale,
      boxWidth / scale,
      boxHeight / scale,
    );
  }
  picture.close();
}
