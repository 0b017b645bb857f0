import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { bundleFolder, bundleFunctions } from '../../lib/bundles.ts';
import { describeTool } from '../clients/client.ts';
import type { NpmClient } from '../clients/npm/npm-client.ts';
import { installSet, type PackageSet, publishSet } from '../clients/npm/smoke.ts';
import { bun } from '../clients/npm/tools/bun.ts';
import { npm11 } from '../clients/npm/tools/npm.ts';
import { pnpm12 } from '../clients/npm/tools/pnpm.ts';
import { yarn } from '../clients/npm/tools/yarn.ts';
import { yarnClassic } from '../clients/npm/tools/yarn-classic.ts';
import { nugetWorks } from '../clients/nuget/smoke.ts';
import { levelsOf, openPlayground, type Playground, tokenKinds } from '../clients/playground.ts';
import { describeUploadLimits } from '../clients/upload-limits.ts';
import { type Deployment, deployToMinistack } from '../kit/deploy.ts';
import { type Gateway, startGateway } from '../kit/gateway-simulator.ts';
import { type LambdaHandler, stackRoutes } from '../kit/gateway-simulator-routes.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { mavenWorks } from './maven-clients.ts';
import { pypiClientsWork } from './pypi-clients.ts';

const clients = [npm11, pnpm12, yarn, yarnClassic, bun];

/** npm and dotnet publish; every client installs from the project, its groups and the instance, and from its lock file again. */
function clientsWork(registry: () => { readonly url: string; readonly rootToken: string }): void {
  let ground: Playground;
  let set: PackageSet;
  beforeAll(async () => {
    ground = await openPlayground(registry());
    set = await publishSet(npm11, ground, { suffix: 'aws' });
  });
  afterAll(() => ground?.remove());

  for (const client of clients) {
    describeTool(client.tool, () => {
      test.for(['project', 'group', 'instance'])(
        'installs from the %s, and from the lock file again',
        (level) => install(client, level),
      );
    });
  }

  nugetWorks(() => ground);

  async function install(client: NpmClient, level: string): Promise<void> {
    const place = new Map(levelsOf(ground)).get(level);
    const setup = { registry: ground.endpoint('npm', place), token: ground.tokens.personal };
    await installSet(client, setup, set);
  }
}

describe.skipIf(ministackMissing)('real clients on AWS', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await deployToMinistack();
  });
  afterAll(() => deployment?.stop());

  describe('through the API Gateway of the emulator', () => {
    clientsWork(() => deployment);
    mavenWorks(() => deployment);
    pypiClientsWork(() => deployment, { kinds: tokenKinds });
    // It hands on requests of any size.
    describeUploadLimits(() => deployment, false);
  });

  describe('through a gateway that holds the deployed bundles to the rules of AWS', () => {
    let gateway: Gateway;
    beforeAll(async () => {
      const options: Parameters<typeof startGateway>[0] & object = {};
      gateway = await startGateway(options);
      Object.assign(options, await stackRoutes(await loaderOf(deployment, gateway.url)));
    });
    afterAll(() => gateway?.stop());

    const registry = () => ({ url: gateway.url, rootToken: deployment.rootToken });
    clientsWork(registry);
    mavenWorks(registry);
    pypiClientsWork(registry, { kinds: [] });

    describeUploadLimits(() => ({ url: gateway.url, rootToken: deployment.rootToken }), true);
  });
});

/** Loads the bundles as Lambda would, over the tables and the bucket of the deployment. */
async function loaderOf(
  deployment: Deployment,
  url: string,
): Promise<(entry: string) => Promise<LambdaHandler>> {
  const outputs = Object.entries(deployment.outputs['packhouse-main-data'] ?? {});
  const named = (start: string) => {
    const found = outputs.find(([name]) => name.startsWith(`ExportsOutputRef${start}`));
    if (!found) throw new Error(`the data stack has no output of ${start}`);
    return found[1];
  };
  Object.assign(process.env, deployment.environment, {
    PACKHOUSE_TABLE: named('RegistryTable'),
    PACKHOUSE_AUDIT_TABLE: named('AuditTable'),
    PACKHOUSE_BUCKET: named('Blobs'),
    PACKHOUSE_URL: url,
    PACKHOUSE_LINK_LIFETIME: '600',
    PACKHOUSE_PROXY_DOWNLOAD: 'false',
    PACKHOUSE_PROXY_BELOW: '0',
    PACKHOUSE_RETENTION_DAYS: '7',
    PACKHOUSE_BLOB_GRACE_HOURS: '24',
    PACKHOUSE_S3_ENDPOINT: deployment.endpoint,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  });
  bundleFunctions();
  return async (entry) => {
    const { handler } = await import(pathToFileURL(join(bundleFolder, entry, 'index.mjs')).href);
    return handler;
  };
}
