import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** The text of a secret in Secrets Manager, by its ARN or name. */
export async function readSecret(SecretId: string, region?: string): Promise<string> {
  const secrets = new SecretsManagerClient(region === undefined ? {} : { region });
  try {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    if (!SecretString) throw new Error(`the secret ${SecretId} holds no text`);
    return SecretString;
  } finally {
    secrets.destroy();
  }
}
