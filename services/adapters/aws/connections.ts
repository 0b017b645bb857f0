/** Options of the SDK's HTTP handler, in milliseconds; it keeps connections alive by itself. */
export function connections(timeouts: { readonly requestTimeout?: number; readonly socketTimeout?: number }) {
  const agent = { maxSockets: 256 };
  return {
    connectionTimeout: 3_000,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
    ...timeouts,
  };
}
