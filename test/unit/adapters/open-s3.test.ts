import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openS3, type S3Settings } from '../../../services/adapters/aws/open-s3.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packhouse-s3-'));
  const profile = '[profile other]\nregion = eu-central-1\n';
  await writeFile(join(folder, 'config'), profile);
  await writeFile(
    join(folder, 'credentials'),
    '[other]\naws_access_key_id = OTHER\naws_secret_access_key = x\n',
  );
  const environment = {
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_ACCESS_KEY_ID: 'OWN',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_REGION: undefined,
    AWS_DEFAULT_REGION: undefined,
    AWS_PROFILE: undefined,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** The address of a link, and the access key and the region of its signature. */
async function linkOf(settings: Partial<S3Settings>): Promise<{ at: string; signer: string }> {
  const { blobs, close } = openS3({ bucket: 'packages', ...settings });
  const link = new URL((await blobs.link('blobs/ab/key', { method: 'GET', lifetime: 60 })) ?? '');
  close();
  const [signer = '', , region = ''] = (link.searchParams.get('X-Amz-Credential') ?? '').split('/');
  return { at: link.origin + link.pathname, signer: `${signer} ${region}` };
}

const minio = 'https://minio.test:9000';

describe('links to a bucket', () => {
  test.each<[string, Partial<S3Settings>, string, string]>([
    [
      'of AWS',
      { region: 'eu-west-1' },
      'https://packages.s3.eu-west-1.amazonaws.com/blobs/ab/key',
      'OWN eu-west-1',
    ],
    [
      'of another store, with the bucket in the host',
      { endpoint: minio },
      'https://packages.minio.test:9000/blobs/ab/key',
      'OWN us-east-1',
    ],
    [
      'of another store, with the bucket in the path, below a prefix',
      { endpoint: minio, pathStyle: true, prefix: 'deep/' },
      `${minio}/packages/deep/blobs/ab/key`,
      'OWN us-east-1',
    ],
    [
      'with the credentials and the region of a profile',
      { endpoint: minio, pathStyle: true, profile: 'other' },
      `${minio}/packages/blobs/ab/key`,
      'OTHER eu-central-1',
    ],
    [
      'with a region that overrides that of the profile',
      { endpoint: minio, pathStyle: true, profile: 'other', region: 'eu-west-1' },
      `${minio}/packages/blobs/ab/key`,
      'OTHER eu-west-1',
    ],
    [
      'with another endpoint for clients',
      { endpoint: 'http://10.0.0.5:9000', linkEndpoint: minio, pathStyle: true },
      `${minio}/packages/blobs/ab/key`,
      'OWN us-east-1',
    ],
  ])('have the right address and signature: %s', async (_case, settings, at, signer) => {
    expect(await linkOf(settings)).toEqual({ at, signer });
  });
});
