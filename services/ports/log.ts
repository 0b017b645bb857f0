/** Structured logging: a static message and fields. Never put a secret into a field. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Whether debug lines are dropped: then their fields need not be put together. */
  readonly dropsDebug?: boolean;
}

/**
 * Fields of a log line. Use the same name for the same thing everywhere (`project`, `package`, `duration_ms`,
 * ...).
 */
export type LogFields = Readonly<Record<string, unknown>>;

/** A log that discards everything. */
export const silentLog: Log = { debug() {}, info() {}, error() {}, dropsDebug: true };
