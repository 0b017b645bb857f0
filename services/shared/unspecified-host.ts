/** Why a URL is refused that `hasUnspecifiedHost`. */
export const UNSPECIFIED_HOST = 'is not an address that clients can connect to';

/**
 * Whether a host, however it is spelled, stands for all addresses of a machine. A server can listen there, but no
 * client can connect to it.
 */
export function isUnspecified(host: string): boolean {
  return hasUnspecifiedHost(`http://${bracketed(host)}/`);
}

/** Whether the host of a URL stands for all addresses of a machine. False for text that is not a URL. */
export function hasUnspecifiedHost(url: string): boolean {
  return URL.canParse(url) && unspecified.has(new URL(url).hostname);
}

const unspecified: ReadonlySet<string> = new Set(['0.0.0.0', '[::]', '[::ffff:0:0]']);

/** A host as it stands in a URL: an IPv6 address in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
