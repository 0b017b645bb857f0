import { preferred } from '../../../shared/headers/accept.ts';

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

/** What each type that may be asked for gets, the best first; the latest version is version 1. */
const offers = new Map([
  [JSON_V1, json],
  ['application/vnd.pypi.simple.latest+json', json],
  [HTML_V1, html],
  ['application/vnd.pypi.simple.latest+html', html],
  [HTML, plain],
]);
const types = [...offers.keys()];

/**
 * The representation for a request by its `Accept` header: of the types it names the one with the highest quality, the
 * newer one of equals. A header that names none of them, such as a browser's or curl's, gets plain HTML, as the
 * specification allows.
 * @param format the `format` parameter of the URL, which goes before the header
 */
export function representationFor(accept: string, format?: string): Representation {
  // A `+` that stands in a URL as it is means a space there.
  const asked = format === undefined ? undefined : offers.get(format.replaceAll(' ', '+'));
  return asked ?? offers.get(preferred(accept, types) ?? HTML) ?? plain;
}
