import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mapOutages } from './outages.ts';

/** Overrides the region and endpoint of the environment. */
export interface ReadSecretOptions {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/**
 * Reads the text of a secret in Secrets Manager by its ARN or name.
 * @throws StoreUnavailable if Secrets Manager can't be reached, fails or throttles
 */
export async function readSecret(
  SecretId: string,
  { region, endpoint }: ReadSecretOptions = {},
): Promise<string> {
  const secrets = new SecretsManagerClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
  });
  mapOutages(secrets);
  try {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    if (!SecretString) throw new Error(`the secret ${SecretId} has no text`);
    return SecretString;
  } finally {
    secrets.destroy();
  }
}
