import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { badRequest } from '../../services/domain/errors.ts';
import { gitlabError } from '../../services/http/answer/render-error.ts';
import { toRequest } from '../../services/runtime/lambda/event.ts';
import { type Listening, listen } from '../../services/runtime/server/node-server.ts';
import { decodePath } from '../kit/gateway-simulator-event.ts';
import { startApp, type TestApp, URL_BASE } from '../kit/start-app.ts';
import { toySample } from '../kit/toy-format/sample.ts';
import { everySample, formatOf, formatsWith, prefixIn } from './samples/every.ts';

let app: TestApp;
let listening: Listening;
beforeEach(async () => {
  app = await startApp({ formats: formatsWith(toySample) });
  await app.project('tools');
  listening = await listen(app.app, { host: '127.0.0.1', port: 0 });
});
afterEach(() => listening.end());

describe.for(everySample.map((sample) => ({ sample, id: sample.id })))('an address of $id', ({ sample }) => {
  const prefix = prefixIn(sample, 'project', 'acme/tools');
  const path = `${prefix}${sample.file('sample', '1.0.0')}`;

  test('may have slashes too many, on every host and for every method', async () => {
    const authorization = `Bearer ${app.rootToken}`;
    const { method, path: upload, headers, body } = await sample.publish('sample', '1.0.0');
    const published = await fetch(`http://127.0.0.1:${listening.port}/${prefix}/${upload}`, {
      method,
      headers: { ...headers, authorization },
      body: new Uint8Array(Buffer.from(body)),
    });
    expect(published.status).toBeLessThan(300);
    const doubled = path.replaceAll('/', '//');
    const read = await fetch(`http://127.0.0.1:${listening.port}${doubled}?x=//`, {
      headers: { authorization },
    });
    expect(read.status).toBe(200);
    const event = {
      rawPath: decodePath(doubled, 'decoded'),
      rawQueryString: '',
      headers: { authorization },
      requestContext: { http: { method: 'GET' } },
    } as unknown as APIGatewayProxyEventV2;
    expect((await app.app(toRequest(event, URL_BASE), {})).status).toBe(200);
  });

  test('with a dot segment is refused with 400 in the dialect of the format', async () => {
    const { renderError } = formatOf(sample);
    const error = badRequest('Bad Request - the path has a segment "." or ".."');
    const expected = (renderError ?? gitlabError)(error, 400);
    for (const sent of [`${prefix}/%2e%2E/%2e%2e`, `${prefix}/a/.%2f${path}`]) {
      for (const method of ['GET', 'PUT', 'POST', 'DELETE']) {
        const answer = await app.app(new Request(`${URL_BASE}/api/v4/projects/acme%2Ftools`, { method }), {
          path: sent,
        });
        expect([method, answer.status, await answer.text()]).toEqual([method, 400, expected.body]);
        expect(answer.headers.get('content-type')).toBe(expected.contentType);
      }
    }
    expect((await app.send('GET', '/api/v4/projects/acme%2Ftools', { token: app.rootToken })).status).toBe(
      200,
    );
  });

  test('with a method that it does not have answers 405, and names those that it has', async () => {
    for (const token of [app.rootToken, undefined]) {
      const answer = await app.send('PATCH', path, token ? { token } : {});
      expect([answer.status, answer.headers.get('allow')]).toEqual([
        405,
        expect.stringMatching(/^GET, HEAD/),
      ]);
    }
  });
});
