import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** Replaces the text of a secret in Secrets Manager, named by its ARN. */
export async function writeSecret(SecretId: string, SecretString: string): Promise<void> {
  const secrets = new SecretsManagerClient();
  try {
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
  } finally {
    secrets.destroy();
  }
}
