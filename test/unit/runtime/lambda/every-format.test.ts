import { afterEach, describe, expect, it } from 'vitest';
import { mountRoutes } from '../../../../lib/routes.ts';
import type { Project } from '../../../../services/domain/accounts.ts';
import { familyApp } from '../../../../services/runtime/lambda/family-handler.ts';
import { lambdaHandler } from '../../../../services/runtime/lambda/lambda-handler.ts';
import { everySample, formatsWith, prefixIn } from '../../../fleet/samples/every.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../../kit/gateway-simulator.ts';
import { stackRoutes } from '../../../kit/gateway-simulator-routes.ts';
import { packageWriter } from '../../../kit/package-writer.ts';
import { startApp, type TestApp, URL_BASE } from '../../../kit/start-app.ts';
import { toy } from '../../../kit/toy-format/format.ts';
import { toySample } from '../../../kit/toy-format/sample.ts';

let gateway: Gateway;

afterEach(() => gateway.stop());

/**
 * Serves the registry with the functions of the API stack: one per family, one for the API and the router. The format
 * that exists only in tests has its own family and function. Functions of families may write as on AWS.
 */
async function serve(options: GatewayOptions): Promise<{ app: TestApp; project: Project }> {
  const app = await startApp({ formats: formatsWith(toySample) });
  const load = async (entry: string) => {
    if (entry === 'api' || entry === 'router') return lambdaHandler(app.app, URL_BASE);
    const restricted = { ...app.registry, table: packageWriter(app.registry.table) };
    if (entry === toy.id) return lambdaHandler(familyApp(restricted, [toy]), URL_BASE);
    const { formats } = await import(`../../../../services/runtime/families/${entry}.ts`);
    return lambdaHandler(familyApp(restricted, formats), URL_BASE);
  };
  const routes = await stackRoutes(load, [[toy.id, toy.mounts.flatMap(mountRoutes)]]);
  gateway = await startGateway({ ...routes, ...options });
  return { app, project: await app.project('tools') };
}

const kinds: [string, GatewayOptions][] = [
  ['routes by decoded paths', { routeBy: 'decoded' }],
  ['routes by encoded paths', { routeBy: 'encoded' }],
  ['keeps encoded percent signs', { percent: 'kept' }],
];

describe.each(everySample)('$id behind a gateway', (sample) => {
  const file = sample.file('sample', '1.0.0');

  it.each(kinds)('that %s accepts a publish and serves the same bytes', async (_, options) => {
    const { app, project } = await serve(options);
    const { method, path, headers, body, bytes } = await sample.publish('sample', '1.0.0');
    const inProject = (owner: string | number) => gateway.url + prefixIn(sample, 'project', owner);
    const credentials = { authorization: `Bearer ${app.rootToken}` };
    const published = await fetch(inProject(project.fullPath) + path, {
      method,
      headers: { ...headers, ...credentials },
      body: body as string,
    });
    expect([published.status < 300, await published.text()]).toEqual([true, expect.any(String)]);
    const urls = [
      inProject(project.id),
      inProject(project.fullPath).replace('%2F', '/'),
      gateway.url + prefixIn(sample, 'group', 'acme'),
      gateway.url + prefixIn(sample, 'instance'),
    ];
    for (const url of urls) {
      const answer = await fetch(url + file, { headers: credentials });
      expect([url, answer.status]).toEqual([url, 200]);
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    }
    if (sample.delete) {
      const { method, path } = sample.delete('sample', '1.0.0');
      const answer = await fetch(inProject(project.id) + path, { method, headers: credentials });
      expect(answer.status).toBeLessThan(300);
    }
    expect(app.errors).toEqual([]);
  });

  it.each([
    ['text/csv', Buffer.from('caf\xe9, \xfcber', 'latin1')],
    ['text/plain', Buffer.from('cut off \u{1f4e6}').subarray(0, -1)],
    ['application/json', Buffer.from('{"name":"caf\xe9"}', 'latin1')],
  ])('refuses a body of type %s that is not UTF-8, and stores nothing', async (type, altered) => {
    const { app, project } = await serve({});
    const { method, path, headers } = await sample.publish('sample', '1.0.0');
    const url = gateway.url + prefixIn(sample, 'project', project.id);
    const credentials = { authorization: `Bearer ${app.rootToken}` };
    const answer = await fetch(url + path, {
      method,
      headers: { ...headers, ...credentials, 'content-type': type },
      body: altered,
    });
    // What only takes forms may refuse the type itself.
    if (headers['content-type']?.startsWith('multipart/')) expect([400, 415]).toContain(answer.status);
    else expect(answer.status).toBe(415);
    expect(await answer.text()).toMatch(/Send it as application\/octet-stream|Unsupported Content-Type/);
    expect((await fetch(url + file, { headers: credentials })).status).toBe(404);
    expect((await app.registry.blobs.list()).blobs).toEqual([]);
  });

  it('sends its challenge to clients even if the gateway renames the header', async () => {
    const { project } = await serve({ renameChallenge: true });
    const answer = await fetch(gateway.url + prefixIn(sample, 'project', project.id) + file);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(answer.headers.get('x-registry-challenge'));
  });
});

it('the function of a family moves the default tag when its version is removed', async () => {
  const { app, project } = await serve({});
  const prefix = `${gateway.url}/api/v4/projects/${project.id}/packages/npm`;
  const sample = everySample.find(({ id }) => id === 'npm');
  const send = async (method: string, path: string, body?: string) => {
    const headers = { authorization: `Bearer ${app.rootToken}`, 'content-type': 'application/json' };
    const answer = await fetch(prefix + path, { method, headers, ...(body !== undefined && { body }) });
    expect([path, answer.status < 300]).toEqual([path, true]);
    return (await answer.json()) as { _rev: string; versions: Record<string, unknown>; latest?: string };
  };
  for (const version of ['1.0.0', '2.0.0']) {
    const { method, path, body } = (await sample?.publish('sample', version)) ?? {};
    await send(method ?? '', path ?? '', String(body));
  }
  const { _rev, versions } = await send('GET', '/sample?write=true');
  const { '2.0.0': _removed, ...kept } = versions;
  await send('PUT', `/sample/-rev/${_rev}`, JSON.stringify({ name: 'sample', versions: kept }));
  expect((await send('GET', '/-/package/sample/dist-tags')).latest).toBe('1.0.0');
});
