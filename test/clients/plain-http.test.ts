import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, inject, test } from 'vitest';
import { type NameProxy, startNameProxy } from '../kit/name-proxy.ts';
import { type ServedRegistry, serveRegistry } from '../kit/serve-registry.ts';
import { describeTool } from './client.ts';
import { maven3, maven4 } from './maven/maven-client.ts';
import { expectPastedWorks as expectPastedMavenWorks } from './maven/pasted.ts';
import { expectPastedWorks, pastedClients } from './npm/pasted.ts';
import { openPlayground, type Playground } from './playground.ts';
import { expectPastedInstalls, installers } from './pypi/pasted.ts';
import { poetry } from './pypi/tools/poetry.ts';

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
        await expectPastedMavenWorks(tool, ground, { url, javaOptions });
      },
    );
  });
}

const reached = () => ({ url, env: { http_proxy: proxy.url, YARN_HTTP_PROXY: proxy.url } });

for (const client of installers.filter(({ tool }) => tool !== poetry.tool)) {
  describeTool(client.tool, () => {
    test.runIf(inject('registry').log)(
      'installs from another machine without TLS with the instructions shown to users',
      () => expectPastedInstalls(client, ground, reached()),
    );
  });
}

for (const client of pastedClients) {
  describeTool(client.tool, () => {
    test.runIf(inject('registry').log)(
      'publishes to and installs from another machine without TLS with the instructions shown to users',
      () => expectPastedWorks(client, ground, reached()),
    );
  });
}
