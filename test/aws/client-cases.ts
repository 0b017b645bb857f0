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
import type { RegistryAddress } from '../kit/accounts.ts';
import type { Deployment } from '../kit/deploy.ts';
import { type Gateway, startGateway } from '../kit/gateway-simulator.ts';
import { type LambdaHandler, stackRoutes } from '../kit/gateway-simulator-routes.ts';
import { conformsToDistribution, containersWork } from './container-clients.ts';
import { mavenWorks } from './maven-clients.ts';
import { pypiClientsWork, pythonPairs, uvPair } from './pypi-clients.ts';

const levels = ['project', 'group', 'instance'] as const;

/** The clients that install, and from which levels. */
type Installs = ReadonlyMap<NpmClient, readonly (typeof levels)[number][]>;

/** One client installs from every level; to follow links to a bucket, the others need only one level. */
const oneClient: Installs = new Map([[npm11, levels]]);
const everyClient: Installs = new Map([
  [npm11, ['project']],
  [pnpm12, ['group']],
  [yarn, ['instance']],
  [yarnClassic, ['group']],
  [bun, ['group']],
]);

/** npm and dotnet publish; clients install, and again from their lock files. */
function describeInstalls(
  registry: () => RegistryAddress,
  installs: Installs,
  nugetLevels: readonly string[],
): void {
  let ground: Playground;
  let set: PackageSet;
  beforeAll(async () => {
    ground = await openPlayground(registry());
    set = await publishSet(npm11, ground, { suffix: 'aws' });
  });
  afterAll(() => ground?.remove());

  for (const [client, from] of installs) {
    describeTool(client.tool, () => {
      test.for(from)('installs from the %s, and again from the lock file', async (level) => {
        const owner = new Map(levelsOf(ground)).get(level);
        const setup = { registry: ground.endpoint('npm', owner), token: ground.tokens.personal };
        await installSet(client, setup, set);
      });
    });
  }

  nugetWorks(() => ground, nugetLevels);
}

/** Real clients against a deployment, through two gateways. */
export function describeClients(deployed: () => Deployment): void {
  describe('through the API Gateway of the emulator', () => {
    describeInstalls(deployed, oneClient, levels);
    mavenWorks(deployed, levels);
    pypiClientsWork(deployed, { pairs: [uvPair], kinds: tokenKinds, levels });
    containersWork(deployed);
    // It passes on requests of any size.
    describeUploadLimits(deployed, false);
  });

  describe('through a gateway with the limits of AWS', () => {
    let gateway: Gateway;
    beforeAll(async () => {
      const options: Parameters<typeof startGateway>[0] & object = {};
      gateway = await startGateway(options);
      Object.assign(options, await stackRoutes(await loaderOf(deployed(), gateway.url)));
    });
    afterAll(() => gateway?.stop());

    const registry = () => ({ url: gateway.url, rootToken: deployed().rootToken });
    describeInstalls(registry, everyClient, ['group']);
    mavenWorks(registry, ['group']);
    pypiClientsWork(registry, { pairs: pythonPairs, kinds: [], levels: ['group'] });
    containersWork(registry);
    conformsToDistribution(registry);
    describeUploadLimits(registry, true);
  });
}

/** Loads the bundles as Lambda would, over the tables and the bucket of the deployment. */
async function loaderOf(
  deployment: Deployment,
  url: string,
): Promise<(entry: string) => Promise<LambdaHandler>> {
  const stores = await deployment.stores();
  Object.assign(process.env, deployment.environment, {
    PACKHOUSE_TABLE: stores['registry-table'],
    PACKHOUSE_AUDIT_TABLE: stores['audit-table'],
    PACKHOUSE_BUCKET: stores['blob-bucket'],
    PACKHOUSE_URL: url,
    PACKHOUSE_SEALING_SECRET: stores['sealing-key'],
    PACKHOUSE_LINK_LIFETIME: '600',
    PACKHOUSE_PROXY_DOWNLOAD: 'false',
    PACKHOUSE_PROXY_BELOW: '0',
    PACKHOUSE_RETENTION_DAYS: '7',
    PACKHOUSE_PATH_RESERVATION_DAYS: '90',
    PACKHOUSE_UNTAGGED_DAYS: '7',
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
