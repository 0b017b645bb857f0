/** The URL of a server that listens on a host, which may be an address of IPv6, and a port. */
export function addressOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
