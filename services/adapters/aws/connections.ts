/** How connections to a service are made: timeouts in milliseconds, and how many there may be. */
export interface ConnectionOptions {
  readonly requestTimeout?: number;
  readonly socketTimeout?: number;
  readonly atOnce?: number;
}

/** Options of the SDK's HTTP handler; it keeps connections alive by itself. */
export function connections({ atOnce = 256, ...timeouts }: ConnectionOptions) {
  const agent = { maxSockets: atOnce };
  return {
    connectionTimeout: 3_000,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
    ...timeouts,
  };
}
