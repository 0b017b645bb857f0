import { preferred } from '../../../shared/headers/accept.ts';

/** The media types of the simple API (PEP 691), in order of preference. */
const JSON_V1 = 'application/vnd.pypi.simple.v1+json';
const HTML_V1 = 'application/vnd.pypi.simple.v1+html';
const HTML = 'text/html';

/** The form and the content type in which an index is sent. */
export interface Representation {
  readonly form: 'json' | 'html';
  readonly contentType: string;
  /** A short name for entity tags. */
  readonly variant: string;
}

const json: Representation = { form: 'json', contentType: JSON_V1, variant: 'json' };
const html: Representation = { form: 'html', contentType: HTML_V1, variant: 'html-v1' };
const plain: Representation = { form: 'html', contentType: `${HTML}; charset=utf-8`, variant: 'html' };

/** The representation for each media type, in order of preference. The latest version is version 1. */
const offers = new Map([
  [JSON_V1, json],
  ['application/vnd.pypi.simple.latest+json', json],
  [HTML_V1, html],
  ['application/vnd.pypi.simple.latest+html', html],
  [HTML, plain],
]);
const types = [...offers.keys()];

/**
 * Chooses the representation by the `Accept` header: the accepted type with the highest quality, and of equals the
 * one preferred here. A header that lists none of them, such as a browser's or curl's, gets plain HTML, as the
 * specification allows.
 * @param format the `format` parameter of the URL, which overrides the header
 */
export function representationFor(accept: string, format?: string): Representation {
  // An unencoded `+` in a query is decoded as a space.
  const requested = format === undefined ? undefined : offers.get(format.replaceAll(' ', '+'));
  return requested ?? offers.get(preferred(accept, types) ?? HTML) ?? plain;
}
