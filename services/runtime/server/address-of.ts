import { bracketed } from '../../shared/unspecified-host.ts';

/** The URL of a server that listens on a host name or address (IPv4 or IPv6) and a port. */
export function addressOf(host: string, port: number): string {
  return `http://${bracketed(host)}:${port}`;
}

/** Whether only clients on the same machine can connect to this host of a URL. */
export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
