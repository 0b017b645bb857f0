/** The types of the simple API (PEP 691), the best first. */
const JSON_V1 = 'application/vnd.pypi.simple.v1+json';
const HTML_V1 = 'application/vnd.pypi.simple.v1+html';
const HTML = 'text/html';

/** How an index is sent: what it is written in, and what it says it is. */
export interface Representation {
  readonly form: 'json' | 'html';
  readonly contentType: string;
  /** A short name of it, for entity tags. */
  readonly variant: string;
}

const json: Representation = { form: 'json', contentType: JSON_V1, variant: 'json' };
const html: Representation = { form: 'html', contentType: HTML_V1, variant: 'html-v1' };
const plain: Representation = { form: 'html', contentType: `${HTML}; charset=utf-8`, variant: 'html' };

/** What each type that may be asked for gets; the latest version is version 1. */
const offers = new Map([
  [JSON_V1, json],
  ['application/vnd.pypi.simple.latest+json', json],
  [HTML_V1, html],
  ['application/vnd.pypi.simple.latest+html', html],
  [HTML, plain],
]);

/** The headers of clients are few; what they get is remembered. */
const known = new Map<string, Representation>();
const MAX_KNOWN = 100;

/**
 * What a request gets by its `Accept` header: of the types it names the one it likes best, the newer one of equals.
 * One that names none of them, such as a browser's or curl's, gets plain HTML, as the specification allows.
 * @param format the `format` parameter of the URL, which goes before the header
 */
export function representationFor(accept: string, format?: string): Representation {
  // A `+` that stands in a URL as it is means a space there.
  const asked = format === undefined ? undefined : offers.get(format.replaceAll(' ', '+'));
  if (asked) return asked;
  const before = known.get(accept);
  if (before) return before;
  const found = best(accept);
  if (known.size < MAX_KNOWN) known.set(accept, found);
  return found;
}

function best(accept: string): Representation {
  const order = [json, html, plain];
  const qualities = new Map<Representation, number>();
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const offer = offers.get(type);
    if (!offer) continue;
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const weight = quality === undefined ? 1 : Number(quality) || 0;
    qualities.set(offer, Math.max(weight, qualities.get(offer) ?? 0));
  }
  const most = Math.max(0, ...qualities.values());
  return order.find((offer) => most > 0 && qualities.get(offer) === most) ?? plain;
}
