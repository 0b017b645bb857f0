import { describe, expect, test } from 'vitest';
import { loadRouting, type ViewerRequest } from '../../../kit/front-door.ts';

const route = loadRouting();

/** A request that nobody can change without being seen. */
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

describe('the function at the front door', () => {
  test.each(['PUT', 'POST', 'PATCH'])('sends %s to the service', (method) => {
    expect(route(requestBy(method)).origin).toBe('ingest');
  });

  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS'])('leaves %s to the API', (method) => {
    expect(route(requestBy(method)).origin).toBeUndefined();
  });

  test('hands on the request as it came, with its encoded slashes and its credentials', () => {
    for (const method of ['GET', 'PUT']) {
      const request = requestBy(method);
      expect(route(request).request).toBe(request);
    }
  });
});
