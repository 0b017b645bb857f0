import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountRoutes } from '../../../../lib/routes.ts';
import type { Project } from '../../../../services/domain/accounts.ts';
import { familyApp } from '../../../../services/runtime/lambda/family-handler.ts';
import { lambdaHandler } from '../../../../services/runtime/lambda/lambda-handler.ts';
import { type Listening, listen } from '../../../../services/runtime/server/node-server.ts';
import { formatsWith } from '../../../fleet/samples/every.ts';
import { type Gateway, startGateway } from '../../../kit/gateway-simulator.ts';
import { type LambdaHandler, type RouteRule, stackRoutes } from '../../../kit/gateway-simulator-routes.ts';
import { startApp, type TestApp, URL_BASE } from '../../../kit/start-app.ts';
import { toy } from '../../../kit/toy-format/format.ts';
import { toySample } from '../../../kit/toy-format/sample.ts';

let app: TestApp;
let project: Project;
let server: Listening;
const gateways: Gateway[] = [];

beforeAll(async () => {
  app = await startApp({ formats: formatsWith(toySample) });
  project = await app.project('tools');
  server = await listen(app.app, { host: '127.0.0.1', port: 0 });
  const load = async (entry: string): Promise<LambdaHandler> => {
    if (entry === 'api' || entry === 'router') return lambdaHandler(app.app, URL_BASE);
    if (entry === toy.id) return lambdaHandler(familyApp(app.registry, [toy]), URL_BASE);
    const { formats } = await import(`../../../../services/runtime/families/${entry}.ts`);
    return lambdaHandler(familyApp(app.registry, formats), URL_BASE);
  };
  const routes = await stackRoutes(load, [[toy.id, toy.mounts.flatMap(mountRoutes)]]);
  for (const routeBy of ['decoded', 'encoded'] satisfies RouteRule[]) {
    gateways.push(await startGateway({ ...routes, routeBy }));
  }
});

afterAll(async () => {
  await server.end();
  for (const gateway of gateways) await gateway.stop();
});

/** Sends the same request line to the server and to each gateway, and returns their answers in this order. */
async function answers(
  method: string,
  path: string,
  token: string | undefined,
  { body, header = 'private-token' }: { body?: string; header?: string } = {},
) {
  const hosts = [`http://127.0.0.1:${server.port}`, ...gateways.map(({ url }) => url)];
  return Promise.all(
    hosts.map(async (host) => {
      const { hostname, port } = new URL(host);
      const sent = request({
        ...{ hostname, port, method, path },
        headers: token === undefined ? {} : { [header]: token },
      });
      sent.end(body);
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      return { status: answer.statusCode, text: await text(answer) };
    }),
  );
}

describe('a package that is named like a mount', () => {
  it.each([
    'packages/npm/x',
    'packages/npm/-/packages/npm',
    'npm/1/api/v4/projects/1/packages/npm/x',
    'api/v4/user',
    'debian/1/debian_distributions/sid',
    'toy2/1/toy2/files/x',
    'projects/1/packages/12/package_files',
  ])('is stored and served at its own address on every host: %s', async (path) => {
    const owners = [String(project.id), 'acme%2Ftools', 'acme/tools'];
    const url = (owner: string) => `/api/v4/projects/${owner}/packages/generic/${path}`;
    const published = await answers('PUT', url('acme/tools'), app.rootToken, { body: path });
    expect(published.map(({ status }) => status)).toEqual([201, 201, 201]);
    for (const address of [
      ...owners.map(url),
      `/api/v4/groups/acme/-/packages/generic/${path}`,
      `/api/v4/packages/generic/${path}`,
    ]) {
      const served = await answers('GET', address, app.rootToken);
      expect([address, ...served]).toEqual([address, ...served.map(() => ({ status: 200, text: path }))]);
      const refused = await answers('GET', address, undefined);
      expect(refused.every(({ status }) => status === 401 || status === 404)).toBe(true);
    }
  });
});

describe('a path that could be mistaken for one of another format or of the management API', () => {
  it.each([
    '/api/v4/projects/1/packages/12/packages/npm/x',
    '/api/v4/projects/1/members/packages/generic/a/1/f',
    '/api/v4/projects/acme%2Fpackages%2Fgeneric/packages/npm/x',
    '/api/v4/projects/acme/packages/generic%2Fpackages/npm/x',
    '/api/v4/projects/1%2Fpackages%2Fgeneric%2Fa/1/f',
    '/api/v4/projects/1/packages%2Fnpm/x',
    '/api/v4/projects/1/%70ackages/npm/x',
    '/api/v4/projects/1/packages/n%70m/x',
    '/api/v4/projects//packages/npm/x',
    '/api/v4/projects/%2F/packages/npm/x',
    '/api/v4/projects/%00/packages/npm/x',
    '/api/v4/groups/acme/packages/npm/x',
    '/api/v4/groups/acme/-/-/packages/npm/x',
    '//api/v4/packages/npm/x',
    '/API/v4/packages/npm/x',
    '/toy2/p/files/files/a/1/f',
    '/toy2/p/1/packages/npm/x',
  ])('is not found on any host: %s', async (path) => {
    for (const { status } of await answers('GET', path, app.rootToken)) expect(status).toBe(404);
    for (const { status } of await answers('GET', path, undefined)) expect([401, 404]).toContain(status);
    expect(app.errors).toEqual([]);
  });

  it.each([
    '/api/v4/projects/../packages/npm/x',
    '/api/v4/projects/1/packages/npm/../generic/a/1/f',
    '/api/v4/projects/1/packages/npm/%2e%2e/generic/a/1/f',
    '/api/v4/projects/1/packages/npm/..%2fgeneric/a/1/f',
    '/api/v4/packages/npm%2Fx%2F..%2F..%2Fuser',
    '/toy2/p/1/files/../../../api/v4/packages/npm/x',
    '/.well-known/toy2.json/..%2f..%2fapi/v4/user',
    '/.well-known/../api/v4/packages/npm/x',
    '/api/v4/packages/nuget/../../user',
    '/api/v4/projects/1/packages/npm/%2E%2e',
    '/api/v4/./user',
    '/-/%2e%2e/api/v4/user',
  ])('is refused on every host for its dot segments: %s', async (path) => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      for (const token of [app.rootToken, undefined]) {
        for (const { status, text } of await answers(method, path, token)) {
          expect([method, status, text]).toEqual([method, 400, expect.stringContaining('has a segment')]);
        }
      }
    }
    expect((await answers('GET', '/api/v4/projects/1', app.rootToken)).map(({ status }) => status)).toEqual([
      200, 200, 200,
    ]);
  });

  it('may have names that begin with two dots or contain them', async () => {
    for (const name of ['..foo', 'a..b', 'foo..', '...']) {
      const path = `/api/v4/projects/1/packages/generic/dots/1.0/${name}`;
      const [status] = (await answers('PUT', path, app.rootToken, { body: name })).map((each) => each.status);
      expect([name, status]).toEqual([name, 201]);
      const served = await answers('GET', path, app.rootToken);
      expect(served).toEqual(served.map(() => ({ status: 200, text: name })));
    }
  });
});
