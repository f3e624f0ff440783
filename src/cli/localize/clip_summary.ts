import { type ClipRecord, lastMessages, nearMissText } from "../../record/clip_record.ts";
import { tableText } from "../table.ts";

/** The events and near misses of a clip, for people. */
export function clipSummary(record: ClipRecord, note: string): string {
  const events = lastMessages(record);
  const misses = record.near_misses;
  const title = `${record.clip}: ${record.duration.toFixed(1)} s, ${events.length} ${
    events.length === 1 ? "event" : "events"
  }, ${misses.length} near ${misses.length === 1 ? "miss" : "misses"} (${note})`;
  const eventRows = events.map(({ kind, labels, score, duration, stream, peak }) => [
    `  ${stream.onset.toFixed(2)} s`,
    labels[0]?.name ?? kind,
    `score ${score.toFixed(2)}`,
    `${duration.toFixed(2)} s long`,
    peak === undefined ? "not located" : `at ${peak.map((value) => value.toFixed(2)).join(", ")}`,
  ]);
  const missRows = misses.map((miss) => [
    `  ${miss.start.toFixed(2)} s`,
    miss.kind,
    nearMissText(miss),
  ]);
  return [
    title,
    ...(eventRows.length === 0 ? [] : [tableText(eventRows)]),
    ...(missRows.length === 0 ? [] : ["  near misses", tableText(missRows)]),
  ].join("\n");
}
