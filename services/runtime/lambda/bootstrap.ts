import { readSecret } from '../../adapters/aws/read-secret.ts';
import { ensureRoot } from '../../registry/accounts/ensure-root.ts';
import { customResource } from './custom-resource.ts';
import { required } from './environment.ts';
import { openRegistry } from './open-registry.ts';

const registry = openRegistry();

/** Makes the user root, with the token that lies in the secret. */
export const handler = customResource(async () => {
  await ensureRoot(registry, await readSecret(required(process.env, 'PACKHOUSE_ROOT_TOKEN_SECRET')));
});
