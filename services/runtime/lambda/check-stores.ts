import { checkStores } from '../../adapters/aws/check-stores.ts';
import { customResource } from './custom-resource.ts';
import { logStart } from './logging.ts';

logStart();

/**
 * Fails the deployment when stores of the settings lack what a registry needs. The environment names those to check; it
 * is written by `lib/constructs/store-check.ts`.
 */
export const handler = customResource(async () => {
  const { env } = process;
  const secrets = [env.PACKHOUSE_SEALING_SECRET, env.PACKHOUSE_ROOT_TOKEN_SECRET];
  const { problems, stream = '' } = await checkStores({
    table: env.PACKHOUSE_TABLE,
    auditTable: env.PACKHOUSE_AUDIT_TABLE,
    bucket: env.PACKHOUSE_BUCKET,
    secrets: secrets.filter((arn) => arn !== undefined),
    protection: env.PACKHOUSE_RETAIN_DATA === 'true',
  });
  if (problems.length > 0) throw new Error(`these stores can't be used: ${problems.join('; ')}`);
  return { RegistryStream: stream };
});
