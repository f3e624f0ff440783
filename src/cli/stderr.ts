import { LineWriter } from "../core/line_writer.ts";
import type { LogLevel } from "../core/log.ts";
import { escapeControls, type LogFormat } from "../core/log_line.ts";
import { configureLog, logOf } from "../core/logger.ts";
import { maskSecrets } from "../core/secrets.ts";

/** What `--log-format` and `--log-level` give. */
export interface StderrOptions {
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

const writer = new LineWriter(Deno.stderr);
let json = false;

/** Sends the log to stderr. */
export function openLog({ logFormat, logLevel }: StderrOptions): void {
  json = logFormat === "json";
  configureLog({
    format: logFormat,
    level: logLevel,
    write: writer.write,
    journal: isJournal(),
  });
}

/** Writes a line that is no log line, such as a fault of a pipeline file; with `--log-format json` it is an error's. */
export function printFault(line: string): void {
  if (json) logOf()("error", line);
  else writer.write(escapeControls(maskSecrets(line)));
}

/** Writes news of a command's own work, such as what it installs. */
export function printNews(line: string): void {
  if (json) logOf()("info", line);
  else writer.write(escapeControls(maskSecrets(line)));
}

// A terminal inherits JOURNAL_STREAM from the session that opened it, so the variable alone proves nothing
// (systemd.exec(5)).
function isJournal(): boolean {
  const stream = Deno.env.get("JOURNAL_STREAM");
  if (stream === undefined) return false;
  try {
    const { dev, ino } = Deno.statSync("/proc/self/fd/2");
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
