import { configureSync, getLogger, type LogRecord } from "@logtape/logtape";
import { FloodGuard } from "./flood_guard.ts";
import type { Log, LogLevel } from "./log.ts";
import { type LogEntry, type LogFormat, logLine } from "./log_line.ts";
import { maskSecrets } from "./secrets.ts";

/** Where log lines go, and how they look. */
export interface LogOptions {
  readonly format: LogFormat;
  /** Less important lines are left out. */
  readonly level: LogLevel;
  /** Takes finished lines, without a line end; must not throw. */
  readonly write: (line: string) => void;
  /** Whether lines go to the systemd journal, which keeps time and level itself. */
  readonly journal?: boolean;
}

const ROOT = "whence";
let guard: FloodGuard | undefined;

/**
 * Sends all log lines of this process to `write`; secrets are masked, control characters escaped, and lines that repeat
 * without end counted instead of written.
 */
export function configureLog({ format, level, write, journal = false }: LogOptions): void {
  guard?.close();
  const print = (entry: LogEntry) => write(logLine(entry, format, journal));
  const flood = guard = new FloodGuard(print);
  configureSync({
    reset: true,
    sinks: { lines: (record) => flood.take(entryOf(record)) },
    loggers: [
      { category: ROOT, lowestLevel: level, sinks: ["lines"] },
      // The library's own lines: a failing sink would report to itself.
      { category: ["logtape", "meta"], lowestLevel: null, sinks: [] },
    ],
  });
}

/** Writes what is still counted; call it before the process ends. */
export function flushLog(): void {
  guard?.flush();
}

/** The log of one pipeline, or of the program itself. */
export function logOf(pipeline?: string): Log {
  const logger = getLogger(pipeline === undefined ? [ROOT] : [ROOT, pipeline]);
  return (level, message, fields = {}) =>
    logger.emit({
      timestamp: Date.now(),
      level,
      // As a finished record, so that braces in a message are not taken for placeholders.
      message: [message],
      rawMessage: message,
      properties: { ...fields },
    });
}

function entryOf({ timestamp, level, category, message, properties }: LogRecord): LogEntry {
  return {
    time: new Date(timestamp),
    level: level as LogLevel,
    pipeline: category[1],
    message: maskSecrets(message.join("")),
    fields: properties,
  };
}
