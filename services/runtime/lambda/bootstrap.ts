import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ensureRoot } from '../../registry/accounts/ensure-root.ts';
import { customResource } from './custom-resource.ts';
import { required } from './environment.ts';
import { openRegistry } from './open-registry.ts';

const registry = openRegistry();
const secrets = new SecretsManagerClient({});

/** Makes the user root, with the token that lies in the secret. */
export const handler = customResource(async () => {
  const SecretId = required(process.env, 'PACKHOUSE_ROOT_TOKEN_SECRET');
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  if (!SecretString) throw new Error('The secret of the root token holds no text.');
  await ensureRoot(registry, SecretString);
});
