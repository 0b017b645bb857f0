/** The URL of a server that listens on a host name or address (IPv4 or IPv6) and a port. */
export function addressOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
