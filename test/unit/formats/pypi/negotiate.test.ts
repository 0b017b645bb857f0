import { describe, expect, test } from 'vitest';
import { representationFor } from '../../../../services/formats/pypi/read/negotiate.ts';

const json = 'application/vnd.pypi.simple.v1+json';
const html = 'application/vnd.pypi.simple.v1+html';
const plain = 'text/html; charset=utf-8';

describe('the representation of a page', () => {
  test.each([
    ['', plain],
    ['*/*', plain],
    ['text/html', plain],
    ['text/*', plain],
    ['application/json', plain],
    ['image/png', plain],
    [json, json],
    [html, html],
    ['application/vnd.pypi.simple.latest+json', json],
    ['application/vnd.pypi.simple.latest+html', html],
    ['application/vnd.pypi.simple.v2+json', plain],
    [`${json}, ${html}; q=0.1, text/html; q=0.01`, json],
    [`${json}, ${html};q=0.2, text/html;q=0.01`, json],
    [`text/html;q=0.9, ${json};q=0.5`, plain],
    [`text/html, ${html}, ${json}`, json],
    [`${html}, */*;q=0.1`, html],
    [`${json};q=0, ${html}`, html],
    [`${json};q=0`, plain],
    [`${json.toUpperCase()} ; Q=1`, json],
    [`${json};q=nonsense, text/html;q=0.1`, plain],
  ])('depends on the Accept header: "%s" gets %s', (accept, contentType) => {
    expect(representationFor(accept).contentType).toBe(contentType);
    expect(representationFor(accept)).toBe(representationFor(accept));
  });

  test('depends on the URL parameter first, if that names a known type', () => {
    expect(representationFor('text/html', json).contentType).toBe(json);
    expect(representationFor('text/html', json.replace('+', ' ')).contentType).toBe(json);
    expect(representationFor(json, 'text/html').contentType).toBe(plain);
    expect(representationFor(json, 'application/xml').contentType).toBe(json);
  });

  test('is correct for many different headers', () => {
    for (let index = 0; index < 1000; index++)
      expect(representationFor(`${json};v=${index}`).form).toBe('json');
  });
});
