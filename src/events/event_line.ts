import type { WhenceEvent } from "./event.ts";

const COLUMNS: readonly (readonly [title: string, width: number, align: "left" | "right"])[] = [
  ["time", 12, "left"],
  ["pipeline", 10, "left"],
  ["type", 6, "left"],
  ["kind", 6, "left"],
  ["score", 5, "right"],
  ["lasts", 7, "right"],
  ["peak", 9, "left"],
  ["box", 19, "left"],
  ["latency", 8, "right"],
  ["zones", 0, "left"],
];

function alignRow(cells: readonly string[]): string {
  return cells.map((cell, i) => {
    const [, width, align] = COLUMNS[i];
    return align === "left" ? cell.padEnd(width) : cell.padStart(width);
  }).join("  ").trimEnd();
}

function clock(epochS: number): string {
  const at = new Date(epochS * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `${time}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

const position = (values: readonly number[]) => values.map((value) => value.toFixed(2)).join(" ");

// What comes from a broker may hold terminal control sequences.
// deno-lint-ignore no-control-regex
const printable = (text: string) => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");

/** The column titles over lines of {@linkcode formatEventLine}. */
export const EVENT_LINE_HEADER: string = alignRow(COLUMNS.map(([title]) => title));

/** One event as an aligned line for people; the time is its onset by the local clock. */
export function formatEventLine(event: WhenceEvent): string {
  return alignRow([
    clock(event.onset),
    printable(event.pipeline),
    event.type,
    event.kind,
    event.score.toFixed(2),
    `${event.duration.toFixed(2)} s`,
    position(event.peak),
    position(event.box),
    `${Math.round(event.latency_ms)} ms`,
    printable(event.zones.join(", ")) || "-",
  ]);
}
