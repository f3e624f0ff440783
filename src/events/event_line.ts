import type { WhenceEvent } from "./event.ts";

const COLUMNS: readonly (readonly [title: string, width: number, align: "left" | "right"])[] = [
  ["time", 12, "left"],
  ["pipeline", 10, "left"],
  ["type", 6, "left"],
  ["kind", 6, "left"],
  ["score", 5, "right"],
  ["now", 4, "right"],
  ["lasts", 7, "right"],
  ["peak", 9, "left"],
  ["box", 19, "left"],
  ["latency", 8, "right"],
  ["zones", 12, "left"],
  ["notes", 0, "left"],
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

const position = (values: readonly number[] | undefined) =>
  values?.map((value) => value.toFixed(2)).join(" ") ?? "-";

/** Labels with their scores, then why the event ended early. */
function notes({ labels, reason }: WhenceEvent): string {
  const names = labels.map(({ name, score }) => `${name} ${score.toFixed(2)}`);
  return [...names, ...reason === null ? [] : [reason]].join(", ");
}

// Text from a broker may contain terminal control sequences.
// deno-lint-ignore no-control-regex
const printable = (text: string) => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");

/** Column titles for the lines of {@linkcode formatEventLine}. */
export const EVENT_LINE_HEADER: string = alignRow(COLUMNS.map(([title]) => title));

/** One event as an aligned line of text; the time is its onset in local time. */
export function formatEventLine(event: WhenceEvent): string {
  return alignRow([
    clock(event.onset),
    printable(event.pipeline),
    event.type,
    event.kind,
    event.score.toFixed(2),
    event.current_score.toFixed(2),
    `${event.duration.toFixed(2)} s`,
    position(event.peak),
    position(event.box),
    `${Math.round(event.latency_ms)} ms`,
    printable(event.zones.join(", ")) || "-",
    printable(notes(event)),
  ]);
}
