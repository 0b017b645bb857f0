import { afterEach, describe, expect, it } from 'vitest';
import type { Project } from '../../../../services/domain/accounts.ts';
import { familyApp } from '../../../../services/runtime/lambda/family-handler.ts';
import { lambdaHandler } from '../../../../services/runtime/lambda/lambda-handler.ts';
import { samples } from '../../../fleet/samples/all.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../../kit/gateway-simulator.ts';
import { stackRoutes } from '../../../kit/gateway-simulator-routes.ts';
import { startApp, type TestApp, URL_BASE } from '../../../kit/start-app.ts';

let gateway: Gateway;

afterEach(() => gateway.stop());

/** The registry as the API stack puts it up: a function per family, one for the API, one for the rest. */
async function serve(options: GatewayOptions): Promise<{ app: TestApp; project: Project }> {
  const app = await startApp();
  const load = async (entry: string) => {
    if (entry === 'api' || entry === 'router') return lambdaHandler(app.app, URL_BASE);
    const { formats } = await import(`../../../../services/runtime/families/${entry}.ts`);
    return lambdaHandler(familyApp(app.registry, formats), URL_BASE);
  };
  gateway = await startGateway({ ...(await stackRoutes(load)), ...options });
  return { app, project: await app.project('tools') };
}

const kinds: [string, GatewayOptions][] = [
  ['decodes paths before it routes', { routeBy: 'decoded' }],
  ['decodes paths after it has routed', { routeBy: 'encoded' }],
  ['leaves the encoded percent sign', { percent: 'kept' }],
];

describe.each(samples)('$id behind a gateway', (sample) => {
  const file = sample.file('sample', '1.0.0');

  it.each(kinds)('that %s is published and served byte for byte', async (_, options) => {
    const { app, project } = await serve(options);
    const { method, path, headers, body, bytes } = await sample.publish('sample', '1.0.0');
    const url = (owner: string) => `${gateway.url}/api/v4/${owner}packages/${sample.id}`;
    const credentials = { authorization: `Bearer ${app.rootToken}` };
    const published = await fetch(url(`projects/${encodeURIComponent(project.fullPath)}/`) + path, {
      method,
      headers: { ...headers, ...credentials },
      body: body as string,
    });
    expect([published.status < 300, await published.text()]).toEqual([true, expect.any(String)]);
    for (const owner of [`projects/${project.id}/`, `projects/${project.fullPath}/`, 'groups/acme/-/', '']) {
      const answer = await fetch(url(owner) + file, { headers: credentials });
      expect([owner, answer.status]).toEqual([owner, 200]);
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    }
    expect(app.errors).toEqual([]);
  });

  it('challenges its clients, although the gateway renames the challenge', async () => {
    const { project } = await serve({ renameChallenge: true });
    const answer = await fetch(`${gateway.url}/api/v4/projects/${project.id}/packages/${sample.id}${file}`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(answer.headers.get('x-registry-challenge'));
  });
});
