/** Structured logging: a static message and fields. Never put a secret into a field. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Fields of a log line; the same thing has the same name everywhere (`project`, `package`, `duration_ms`, ...). */
export type LogFields = Readonly<Record<string, unknown>>;

/** A log that keeps silent. */
export const silentLog: Log = { debug() {}, info() {}, error() {} };
