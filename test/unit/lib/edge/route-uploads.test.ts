import { describe, expect, test } from 'vitest';
import { loadRouting, type ViewerRequest } from '../../../kit/front-door.ts';

const route = loadRouting();

/** A frozen request, so that a change to it throws an error. */
function requestBy(method: string): ViewerRequest {
  return Object.freeze({
    method,
    uri: '/api/v4/projects/acme%2Ftools/packages/npm/@acme%2fleft%20pad',
    querystring: Object.freeze({ select: Object.freeze({ value: 'package_file' }) }),
    headers: Object.freeze({
      authorization: Object.freeze({ value: 'Bearer secret' }),
      expect: Object.freeze({ value: '100-continue' }),
    }),
  });
}

describe('the CloudFront function for uploads', () => {
  test.each(['PUT', 'POST', 'PATCH'])('sends %s to the ingest service', (method) => {
    expect(route(requestBy(method)).origin).toBe('ingest');
  });

  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS'])('leaves %s to the API', (method) => {
    expect(route(requestBy(method)).origin).toBeUndefined();
  });

  test('passes on the request unchanged, with its encoded slashes and its credentials', () => {
    for (const method of ['GET', 'PUT']) {
      const request = requestBy(method);
      expect(route(request).request).toBe(request);
    }
  });
});
