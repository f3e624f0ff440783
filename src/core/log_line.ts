import type { LogFields, LogLevel } from "./log.ts";
import { maskSecrets } from "./secrets.ts";

/** How a log line looks: for people, or one JSON object. */
export const LOG_FORMATS = ["text", "json"] as const;
/** One of {@linkcode LOG_FORMATS}. */
export type LogFormat = typeof LOG_FORMATS[number];

/** One message before it becomes a line. */
export interface LogEntry {
  readonly time: Date;
  readonly level: LogLevel;
  /** Absent for a message of the program itself. */
  readonly pipeline: string | undefined;
  readonly message: string;
  readonly fields: LogFields;
}

/** Severities of RFC 5424, which the journal reads from `<N>` at a line's start (sd-daemon(3)). */
const SEVERITIES = { debug: 7, info: 6, warning: 4, error: 3 } as const;
const MARKS = { debug: "debug: ", info: "", warning: "warning: ", error: "error: " } as const;

/** An entry as one line, without the line end. */
export function logLine(entry: LogEntry, format: LogFormat, journal: boolean): string {
  return format === "json" ? jsonLine(entry) : textLine(entry, journal);
}

function textLine({ time, level, pipeline, message }: LogEntry, journal: boolean): string {
  const lead = journal ? `<${SEVERITIES[level]}>` : `${time.toISOString()} `;
  const name = pipeline === undefined ? "" : `${pipeline}: `;
  return `${lead}${name}${MARKS[level]}${escapeControls(message)}`;
}

function jsonLine({ time, level, pipeline, message, fields }: LogEntry): string {
  const object = {
    time: time.toISOString(),
    level,
    ...(pipeline !== undefined && { pipeline }),
    message,
    ...(Object.keys(fields).length > 0 && { fields }),
  };
  const json = JSON.stringify(object, (_, value) => {
    if (typeof value === "bigint") return String(value);
    return typeof value === "string" ? maskSecrets(value) : value;
  });
  return escapeControls(json);
}

// Control characters (C0, DEL, C1), line and paragraph separators, and those that turn the direction of text.
// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The text with every character that could change a terminal or a line's shape written as `\uXXXX`. */
export function escapeControls(text: string): string {
  return text.replace(
    CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
