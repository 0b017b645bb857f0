/** The URL of a server that listens on a host name or address (IPv4 or IPv6) and a port. */
export function addressOf(host: string, port: number): string {
  return `http://${bracketed(host)}:${port}`;
}

/**
 * Whether a host, however it is spelled, stands for all addresses of a machine. A server can listen there, but no
 * client can connect to it.
 */
export function isUnspecified(host: string): boolean {
  const url = `http://${bracketed(host)}/`;
  return URL.canParse(url) && unspecified.has(new URL(url).hostname);
}

const unspecified: ReadonlySet<string> = new Set(['0.0.0.0', '[::]', '[::ffff:0:0]']);

/** Whether only clients on the same machine can connect to this host of a URL. */
export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
