/** Connection settings of a client: timeouts in milliseconds, and the maximum number of connections. */
export interface ConnectionOptions {
  readonly requestTimeout?: number;
  readonly socketTimeout?: number;
  readonly maxConnections?: number;
}

/** Options for the SDK's HTTP handler, which keeps connections alive by default. */
export function connections({ maxConnections = 256, ...timeouts }: ConnectionOptions) {
  const agent = { maxSockets: maxConnections };
  return {
    connectionTimeout: 3_000,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
    ...timeouts,
  };
}
