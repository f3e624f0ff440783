/** Levels, least important first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** How important a line is. */
export type LogLevel = typeof LOG_LEVELS[number];

/** Values that go with a message; shown by `--log-format json`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Takes one line for people; called once per change of state, never with a secret in it. */
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;
