import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type NameProxy, startNameProxy } from '../kit/name-proxy.ts';
import { wheel } from '../kit/python-package.ts';
import { type ServedRegistry, serveRegistry } from '../kit/serve-registry.ts';
import { describeTool, makeWorkspace } from './client.ts';
import { maven3, maven4 } from './maven/maven-client.ts';
import { expectPastedWorks } from './maven/pasted.ts';
import { succeeded } from './outcome.ts';
import { paste, shown } from './paste.ts';
import { openPlayground, type Playground } from './playground.ts';
import { python } from './pypi/python-client.ts';
import { pip26 } from './pypi/tools/tools.ts';
import { twine7 } from './pypi/tools/twine.ts';

/** The registry's name in a network whose proxy knows it: a client that treats hosts differently sees another machine. */
const url = 'http://packages.example.test';

let registry: ServedRegistry;
let proxy: NameProxy;
let ground: Playground;
beforeAll(async () => {
  if (inject('registry').log === undefined) return;
  registry = await serveRegistry(['--url', url]);
  const started = (await readFile(registry.log, 'utf8'))
    .split('\n')
    .find((line) => line.includes('server started'));
  const address = `http://127.0.0.1:${JSON.parse(started ?? '').port}`;
  proxy = await startNameProxy({ [new URL(url).host]: address });
  ground = await openPlayground({ url: address, rootToken: registry.rootToken });
});
afterAll(async () => {
  await proxy?.stop();
  await registry?.stop();
});

for (const tool of [maven3, maven4]) {
  describeTool(tool, () => {
    test.runIf(inject('registry').log)(
      'publishes to and installs from another machine without TLS with the instructions shown to users',
      async () => {
        const { hostname, port } = new URL(proxy.url);
        const javaOptions = [
          `-Dhttp.proxyHost=${hostname} -Dhttp.proxyPort=${port}`,
          '-Daether.connector.http.useSystemProperties=true -Daether.transport.http.useSystemProperties=true',
        ].join(' ');
        await expectPastedWorks(tool, ground, { url, javaOptions });
      },
    );
  });
}

describeTool(pip26.tool, () => {
  test.runIf(inject('registry').log)(
    'installs from another machine without TLS with the instructions shown to users',
    async () => {
      const facts = { name: 'from-afar', version: '1.0.0' };
      const built = wheel(facts);
      const space = await makeWorkspace({
        twine: twine7.tool,
        pip: pip26.tool,
        python: { ...pip26.tool, command: [python] },
      });
      try {
        await space.write(`dist/${built.fileName}`, built.bytes);
        const known = { ...ground, url };
        const publishing = { ...facts, client: 'twine', steps: ['publish'] as const, owner: ground.project };
        const installing = {
          ...facts,
          client: 'pip',
          steps: ['setup', 'install'] as const,
          owner: ground.group,
        };
        const snippets = [...shown(known, 'pypi', publishing), ...shown(known, 'pypi', installing)];
        const env = { http_proxy: proxy.url, PIP_TARGET: `${space.project}/site` };
        await succeeded(paste(space, snippets, { secret: ground.tokens.personal.secret, env }));
        const listed = await space.run(['find', '.', '-name', 'from_afar-1.0.0.dist-info']);
        expect(listed.stdout.trim()).not.toBe('');
      } finally {
        await space.remove();
      }
    },
  );
});
