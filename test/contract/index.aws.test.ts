import { randomBytes } from 'node:crypto';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe } from 'vitest';
import { openAws } from '../../services/adapters/aws/open-aws.ts';
import { secretSeal } from '../../services/adapters/aws/secret-seal.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { useMinistack } from '../kit/use-ministack.ts';
import { describeIndexes } from './index-cases.ts';
import { describeSeal } from './seal-contract.ts';
import { describeSigner } from './signer-contract.ts';

describe.skipIf(ministackMissing)(`AWS${ministackMissing ? ` (${ministackMissing})` : ''}`, () => {
  const emulator = useMinistack();

  async function open() {
    const { endpoint, resources } = emulator;
    return openAws({
      tableName: await resources.table(),
      auditTableName: await resources.table(),
      bucket: await resources.bucket(),
      queueUrls: {},
      endpoint,
      s3PathStyle: true,
    });
  }

  /** Makes a secret like that of the data stack. */
  async function makeSecret(): Promise<string> {
    const secrets = new SecretsManagerClient({ endpoint: emulator.endpoint });
    const { ARN = '' } = await secrets.send(
      new CreateSecretCommand({
        Name: `sealing-${randomBytes(6).toString('hex')}`,
        SecretString: randomBytes(48).toString('base64url'),
      }),
    );
    secrets.destroy();
    return ARN;
  }

  describeSeal('Secrets Manager', async () => {
    const [one, two] = [await makeSecret(), await makeSecret()];
    const { endpoint } = emulator;
    return {
      open: () => secretSeal(one, { endpoint }),
      other: () => secretSeal(two, { endpoint }),
      close: async () => {},
    };
  });

  describeSigner('AWS', async () => {
    const { table, close } = await open();
    const secret = await makeSecret();
    return { table, seal: () => secretSeal(secret, { endpoint: emulator.endpoint }), close };
  });

  describeIndexes('AWS', async () => {
    const { table, audit, blobs, close } = await open();
    return { stores: { table, audit, blobs }, close };
  });
});
