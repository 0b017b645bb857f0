import { readSecret } from '../../adapters/aws/read-secret.ts';
import { writeSecret } from '../../adapters/aws/write-secret.ts';
import { ensureRoot } from '../../registry/accounts/ensure-root.ts';
import { rootTokenIn } from '../../registry/accounts/root-token.ts';
import { upgradeData } from '../../registry/maintenance/upgrade/upgrade-data.ts';
import { customResource } from './custom-resource.ts';
import { required } from './environment.ts';
import { openFunction } from './open-registry.ts';

/** How long a deployment waits for the upgrade of old records, in milliseconds. The cleanup job continues it. */
const UPGRADE_TIMEOUT = 3 * 60_000;

const { registry } = openFunction({
  deletesBlobs: false,
  formats: async () => (await import('../families/all.ts')).allFormats,
});

/** Upgrades old records, rejects those of a newer schema, and creates the user root with the token in the secret. */
export const handler = customResource(async () => {
  const upgraded = await upgradeData(registry, AbortSignal.timeout(UPGRADE_TIMEOUT));
  if (!upgraded) registry.log.info('the cleanup job continues the upgrade of records');
  const secret = required(process.env, 'PACKHOUSE_ROOT_TOKEN_SECRET');
  const store = { read: () => readSecret(secret), write: (token: string) => writeSecret(secret, token) };
  await ensureRoot(registry, await rootTokenIn(registry, store));
  return {};
});
