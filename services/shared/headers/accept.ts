/** The encodings we have bodies in, the best first. */
export type Encoding = 'br' | 'gzip' | 'identity';

/** Headers that were read before: clients send a handful of different ones. */
const known = new Map<string, Encoding>();
const MAX_KNOWN = 100;

/** The best encoding an `Accept-Encoding` header allows (RFC 9110 section 12.5.3); q-values other than 0 count as 1. */
export function bestEncoding(header: string | null | undefined): Encoding {
  if (!header) return 'identity';
  const before = known.get(header);
  if (before) return before;
  const encoding = readEncoding(header);
  if (known.size < MAX_KNOWN) known.set(header, encoding);
  return encoding;
}

/** Whether an `Accept-Encoding` header allows gzip, whatever else it likes better. */
export function takesGzip(header: string | null | undefined): boolean {
  return header ? namedIn(header.toLowerCase()).has('gzip') : false;
}

function readEncoding(header: string): Encoding {
  const named = namedIn(header.toLowerCase());
  return (['br', 'gzip'] as const).find((encoding) => named.has(encoding)) ?? 'identity';
}

/** The encodings that a header names and does not refuse. */
function namedIn(header: string): ReadonlySet<string> {
  const named = new Set<string>();
  for (const each of header.split(',')) {
    const [name = '', ...parameters] = each.split(';').map((part) => part.trim());
    const refused = parameters.some((parameter) => /^q\s*=\s*0(?:\.0*)?$/.test(parameter));
    if (!refused) named.add(name === 'x-gzip' ? 'gzip' : name);
  }
  return named;
}
