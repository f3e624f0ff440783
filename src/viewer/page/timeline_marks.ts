import type uPlot from "uplot";
import type { HeadKind } from "../../core/head_kind.ts";
import type { CameraStore } from "./camera_store.ts";

/** Steps farther apart than so many lengths have a gap between them. */
const GAP_STEPS = 2;

/** Whether steps are missing between the times of two that follow each other. */
export function isGap(camera: CameraStore, from: number, to: number): boolean {
  return to - from >= GAP_STEPS * (camera.description?.stepSeconds ?? 0.1);
}

/** Marks stretches without time steps: no sound, no frame, or inference that was too slow. */
export function drawGaps(plot: uPlot, camera: CameraStore, color: string): void {
  const { top, height } = plot.bbox;
  const steps = camera.steps.all;
  plot.ctx.fillStyle = color;
  for (let i = 1; i < steps.length; i++) {
    const [from, to] = [steps[i - 1].t, steps[i].t];
    if (!isGap(camera, from, to)) continue;
    const [left, right] = [x(plot, from), x(plot, to)];
    plot.ctx.fillRect(left, top, right - left, height);
  }
}

/** Marks hops that were skipped. */
export function drawSkips(plot: uPlot, camera: CameraStore, color: string): void {
  const { top, height } = plot.bbox;
  const hops = camera.hops.all;
  plot.ctx.fillStyle = color;
  const tall = Math.round(height * 0.18);
  for (let i = 1; i < hops.length; i++) {
    if (hops[i].skippedHops <= hops[i - 1].skippedHops) continue;
    plot.ctx.fillRect(x(plot, hops[i].t) - 1, top + height - tall, 2 * devicePixelRatio, tall);
  }
}

/** Draws each event as a bar above the scores and a tint behind them. */
export function drawEvents(
  plot: uPlot,
  camera: CameraStore,
  colorOf: (kind: HeadKind) => string,
): void {
  const { ctx, bbox: { top, height } } = plot;
  for (const { kind, messages } of camera.currentEvents()) {
    const { onset, offset } = messages.at(-1)!.event.stream;
    const { min, max } = plot.scales.x;
    const end = offset ?? camera.newestT;
    if (end < min! || onset > max!) continue;
    const [left, right] = [x(plot, Math.max(onset, min!)), x(plot, Math.min(end, max!))];
    const width = Math.max(right - left, 2);
    ctx.fillStyle = colorOf(kind);
    ctx.globalAlpha = 0.12;
    ctx.fillRect(left, top, width, height);
    ctx.globalAlpha = 1;
    const row = y(plot, kind === "sound" ? 1.16 : 1.09);
    ctx.fillRect(left, row, width, y(plot, 1.05) - y(plot, 1.1));
  }
}

/** Marks the moment at which the page is frozen. */
export function drawFrozen(plot: uPlot, camera: CameraStore, color: string): void {
  if (camera.frozenT === undefined) return;
  const { top, height } = plot.bbox;
  plot.ctx.fillStyle = color;
  plot.ctx.fillRect(x(plot, camera.frozenT) - devicePixelRatio, top, 2 * devicePixelRatio, height);
}

function x(plot: uPlot, t: number): number {
  return plot.valToPos(t, "x", true);
}

function y(plot: uPlot, value: number): number {
  return plot.valToPos(value, "y", true);
}
