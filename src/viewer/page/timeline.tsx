import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/style.css";
import { type CameraStore, KEPT_SECONDS } from "./camera_store.ts";
import { clockText } from "./format.ts";
import type { PageStore } from "./page_store.ts";
import type { WireTopics } from "../wire.ts";
import { drawEvents, drawFrozen, drawGaps, drawSkips, isGap } from "./timeline_marks.ts";

type Step = WireTopics["step"];

/** Pause between two drawings, ms. */
const DRAW_EVERY_MS = 80;
const LEVEL_HEIGHT = 92;
const SCORE_HEIGHT = 168;
const QUIETEST_DBFS = -90;

/** Level and scores of the last minute; a click or drag freezes the page at that moment. */
export function Timeline({ store, camera }: { store: PageStore; camera: CameraStore }) {
  const rootRef = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const root = rootRef.current!;
    const kinds = camera.description?.heads.map(({ kind }) => kind) ?? ["sound", "speech"];
    const level = new uPlot(levelOptions(root, camera), [[], [], []], root);
    const scores = new uPlot(scoreOptions(root, camera, kinds), [
      [],
      ...kinds.flatMap(() => [[], [], []]),
    ], root);
    const plots = [level, scores];
    let lastMs = 0;
    let handle = requestAnimationFrame(function frame(nowMs) {
      handle = requestAnimationFrame(frame);
      if (nowMs - lastMs < DRAW_EVERY_MS) return;
      lastMs = nowMs;
      draw(plots, camera);
    });
    const resize = new ResizeObserver(() => {
      level.setSize({ width: root.clientWidth, height: LEVEL_HEIGHT });
      scores.setSize({ width: root.clientWidth, height: SCORE_HEIGHT });
    });
    resize.observe(root);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const repaint = () => plots.forEach((plot) => plot.redraw());
    scheme.addEventListener("change", repaint);
    const ends = plots.map((plot) => freezeByPointer(plot, camera));
    return () => {
      cancelAnimationFrame(handle);
      resize.disconnect();
      scheme.removeEventListener("change", repaint);
      for (const end of ends) end();
      for (const plot of plots) plot.destroy();
    };
  }, [camera, camera.description?.heads.length]);
  const t = camera.frozenT;
  const moment = t === undefined ? undefined : camera.steps.nearest(t);
  return (
    <div
      class="timeline"
      ref={rootRef}
      tabindex={0}
      role="slider"
      aria-label="Moment on the timeline"
      aria-valuemin={-KEPT_SECONDS}
      aria-valuemax={0}
      aria-valuenow={t === undefined ? 0 : Math.round(t - camera.newestT)}
      aria-valuetext={moment ? `frozen at ${clockText(moment.epochMs)}` : "live"}
      onKeyDown={(event) => {
        const step = event.shiftKey ? 1 : camera.description?.stepSeconds ?? 0.1;
        const by = event.key === "ArrowLeft" ? -step : event.key === "ArrowRight" ? step : 0;
        if (by === 0) return;
        event.preventDefault();
        camera.freeze((camera.frozenT ?? camera.shownT() ?? 0) + by);
        store.now();
      }}
    />
  );
}

function draw([level, scores]: uPlot[], camera: CameraStore): void {
  const steps = withGaps(camera);
  const end = camera.frozenT === undefined
    ? camera.shownT() ?? 0
    : Math.max(camera.newestT, camera.frozenT);
  const from = end - KEPT_SECONDS;
  const times = steps.map((step) => typeof step === "number" ? step : step.t);
  const column = (value: (step: Step) => number | undefined) =>
    steps.map((step) => typeof step === "number" ? null : value(step) ?? null);
  const heads = scores.series.length > 1 ? (scores.series.length - 1) / 3 : 0;
  level.setData([times, column(({ level }) => level), column(({ gate }) => gate)], false);
  const columns = Array.from({ length: heads }, (_, k) => [
    column((step) => step.heads[k]?.score),
    column((step) => step.heads[k]?.on),
    column((step) => step.heads[k]?.off),
  ]).flat();
  scores.setData([times, ...columns], false);
  for (const plot of [level, scores]) plot.setScale("x", { min: from, max: end });
}

/** The steps, and the middle of each gap: curves end there, thresholds go on. */
function withGaps(camera: CameraStore): (Step | number)[] {
  const { all } = camera.steps;
  return all.flatMap((step, i) => {
    const before = all[i - 1];
    return before && isGap(camera, before.t, step.t) ? [(before.t + step.t) / 2, step] : [step];
  });
}

function freezeByPointer(plot: uPlot, camera: CameraStore): () => void {
  let dragging = false;
  const freeze = (event: PointerEvent) => {
    const { left } = plot.over.getBoundingClientRect();
    camera.freeze(plot.posToVal(event.clientX - left, "x"));
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    dragging = true;
    plot.over.setPointerCapture(event.pointerId);
    freeze(event);
  };
  const move = (event: PointerEvent) => dragging && freeze(event);
  const up = () => dragging = false;
  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up };
  for (const [name, listener] of Object.entries(listeners)) {
    plot.over.addEventListener(name, listener as EventListener);
  }
  return () => {
    for (const [name, listener] of Object.entries(listeners)) {
      plot.over.removeEventListener(name, listener as EventListener);
    }
  };
}

/** A color of the page's theme. */
function themed(root: HTMLElement, name: string): () => string {
  return () => getComputedStyle(root).getPropertyValue(name).trim();
}

function commonOptions(root: HTMLElement, camera: CameraStore, height: number) {
  const axis = {
    stroke: themed(root, "--muted"),
    grid: { stroke: themed(root, "--grid"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(root.clientWidth, 100),
    height,
    legend: { show: false },
    padding: [8, 18, 0, 0] as [number, number, number, number],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: `timeline-${camera.name}` },
      points: { show: false },
    },
    axis,
  };
}

function levelOptions(root: HTMLElement, camera: CameraStore): uPlot.Options {
  const { axis, ...common } = commonOptions(root, camera, LEVEL_HEIGHT);
  return {
    ...common,
    scales: { x: { time: false }, y: { range: [QUIETEST_DBFS, 0] } },
    axes: [
      { ...axis, show: false },
      { ...axis, size: 44, splits: () => [-80, -60, -40, -20, 0], label: undefined },
    ],
    series: [
      {},
      {
        label: "level",
        stroke: themed(root, "--level"),
        fill: themed(root, "--level-fill"),
        fillTo: QUIETEST_DBFS,
        width: 1.5,
        points: { show: false },
      },
      {
        label: "gate",
        stroke: themed(root, "--muted"),
        dash: [5, 4],
        width: 1,
        spanGaps: true,
        points: { show: false },
      },
    ],
    hooks: {
      drawClear: [(plot) => drawGaps(plot, camera, themed(root, "--gap")())],
      draw: [(plot) => {
        drawSkips(plot, camera, themed(root, "--bad")());
        drawFrozen(plot, camera, themed(root, "--text")());
      }],
    },
  };
}

function scoreOptions(
  root: HTMLElement,
  camera: CameraStore,
  kinds: readonly string[],
): uPlot.Options {
  const { axis, ...common } = commonOptions(root, camera, SCORE_HEIGHT);
  return {
    ...common,
    scales: { x: { time: false }, y: { range: [0, 1.18] } },
    axes: [
      {
        ...axis,
        size: 26,
        splits: (plot) => Array.from({ length: 7 }, (_, i) => plot.scales.x.max! - i * 10),
        values: (plot, splits) => splits.map((split) => relativeText(split - plot.scales.x.max!)),
      },
      { ...axis, size: 44, splits: () => [0, 0.2, 0.4, 0.6, 0.8, 1] },
    ],
    series: [
      {},
      ...kinds.flatMap((kind) => {
        const stroke = themed(root, `--${kind}`);
        const line = (label: string, dash: number[]) => ({
          label,
          stroke,
          dash,
          width: 1,
          spanGaps: true,
          points: { show: false },
        });
        return [
          { label: kind, stroke, width: 2, points: { show: false } },
          line(`${kind} on`, [6, 4]),
          line(`${kind} off`, [2, 4]),
        ];
      }),
    ],
    hooks: {
      drawClear: [(plot) => {
        drawGaps(plot, camera, themed(root, "--gap")());
        drawEvents(plot, camera, (kind) => themed(root, `--${kind}`)());
      }],
      draw: [(plot) => drawFrozen(plot, camera, themed(root, "--text")())],
    },
  };
}

function relativeText(seconds: number): string {
  return Math.abs(seconds) < 0.5 ? "now" : `${Math.round(seconds)} s`;
}
