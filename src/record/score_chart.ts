import { HEAD_COLORS } from "../core/head_colors.ts";
import type { HeadKind } from "../core/head_kind.ts";
import { escapeXml } from "./svg_text.ts";

/** What a chart of scores shows; times in s. */
export interface ScoreCurves {
  readonly heads: readonly {
    readonly kind: HeadKind;
    readonly on: number;
    readonly off: number;
    readonly scores: readonly number[];
  }[];
  /** Time of each score and level. */
  readonly times: readonly number[];
  /** dBFS */
  readonly levels: readonly number[];
  readonly gate: number;
  readonly events: readonly {
    readonly kind: HeadKind;
    readonly onset: number;
    readonly offset: number;
  }[];
}

/** The part that a chart shows, and its size in pixels. */
export interface ChartView {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly height: number;
}

/** Lowest level that the chart shows, dBFS. */
const SILENCE = -90;
const TEXT =
  'font-family="DejaVu Sans, sans-serif" fill="#e8e8e8" stroke="#16181d" stroke-width="3" ' +
  'stroke-linejoin="round" paint-order="stroke"';

/** The x coordinate of a time. */
export function chartX(seconds: number, { from, to, width }: ChartView): number {
  return (seconds - from) / (to - from) * width;
}

/**
 * Draws each head's score with its on and off lines, the level of the sound with the gate, and a bar per event.
 *
 * @returns an SVG document.
 */
export function scoreChart(curves: ScoreCurves, view: ChartView): string {
  const { width, height } = view;
  const size = Math.max(9, Math.round(height / 9));
  const bars = 2 * (size + 1);
  const floor = height - size - 4;
  const x = (seconds: number) => chartX(seconds, view).toFixed(1);
  const scoreY = (score: number) => (floor - score * (floor - bars - 4)).toFixed(1);
  const levelY = (level: number) => scoreY(Math.max(0, 1 - level / SILENCE));
  const shown = curves.times.map((_, i) => i)
    .filter((i) => curves.times[i] >= view.from - 1 && curves.times[i] <= view.to + 1);
  const line = (y: (i: number) => string) =>
    shown.map((i, n) => `${n === 0 ? "M" : "L"}${x(curves.times[i])} ${y(i)}`).join("");
  const across = (y: string, color: string, dash: string) =>
    `<path d="M0 ${y}H${width}" stroke="${color}" stroke-dasharray="${dash}" stroke-opacity=".6"/>`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" fill="none"><rect width="${width}" height="${height}" ` +
    `fill="#16181d"/>`,
  ];
  if (shown.length > 0) {
    const last = curves.times[shown[shown.length - 1]];
    const path = line((i) => levelY(curves.levels[i]));
    parts.push(
      `<path d="${path}L${x(last)} ${floor}L${
        x(curves.times[shown[0]])
      } ${floor}Z" fill="#3d4450"/>`,
    );
  }
  parts.push(across(levelY(curves.gate), "#9aa4b2", "2 4"));
  curves.heads.forEach(({ kind, on, off, scores }, k) => {
    const color = `rgb(${HEAD_COLORS[kind]})`;
    parts.push(across(scoreY(on), color, "8 4"), across(scoreY(off), color, "2 6"));
    parts.push(
      `<path d="${line((i) => scoreY(scores[i]))}" stroke="${color}" stroke-width="1.6"/>`,
    );
    const y = 2 + k * (size + 1);
    for (const { onset, offset } of curves.events.filter((event) => event.kind === kind)) {
      const left = chartX(onset, view);
      const wide = Math.max(2, chartX(offset, view) - left);
      if (left > width || left + wide < 0) continue;
      parts.push(
        `<rect x="${left.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${size - 1}" ` +
          `rx="2" fill="${color}"/>`,
      );
    }
    parts.push(
      `<text ${TEXT} font-size="${size - 1}" x="4" y="${y + size - 2}">${escapeXml(kind)}</text>`,
    );
  });
  for (const at of ticks(view)) {
    parts.push(
      `<path d="M${x(at)} ${floor}v3" stroke="#9aa4b2"/>` +
        `<text ${TEXT} font-size="${size - 1}" ${tickPlace(at, view, size)} y="${height - 3}">` +
        `${at} s</text>`,
    );
  }
  return `${parts.join("")}</svg>`;
}

/** Centered below its tick, but never beyond the chart's ends. */
function tickPlace(at: number, view: ChartView, size: number): string {
  const x = chartX(at, view);
  const half = `${at} s`.length * size / 3;
  if (x < half) return 'x="2" text-anchor="start"';
  if (x > view.width - half) return `x="${view.width - 2}" text-anchor="end"`;
  return `x="${x.toFixed(1)}" text-anchor="middle"`;
}

function ticks({ from, to }: ChartView): number[] {
  const step = [1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600].find((s) => (to - from) / s <= 12) ??
    7200;
  const first = Math.ceil(from / step) * step;
  const count = Math.max(0, Math.floor((to - first) / step) + 1);
  return Array.from({ length: count }, (_, i) => first + i * step);
}
