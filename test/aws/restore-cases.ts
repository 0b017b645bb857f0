import { DynamoDBClient, RestoreTableToPointInTimeCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CopyObjectCommand, CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installSet, type PackageSet, publishSet } from '../clients/npm/smoke.ts';
import { npm11 } from '../clients/npm/tools/npm.ts';
import { openPlayground, type Playground } from '../clients/playground.ts';
import { runAwsCommand } from '../kit/aws-command.ts';
import type { Deployment } from '../kit/deploy.ts';
import { runPackhouse, until } from '../kit/run-packhouse.ts';

const restored = { registryTable: 'restored-registry', blobBucket: 'restored-blobs' } as const;

/**
 * The drill of `docs/restore-on-aws.md`, in its order. The emulator restores a table as it is now, whatever time is asked
 * for, and without stream, expiry, recovery and protection, as AWS does.
 */
export function describeRestore(deployed: () => Deployment): void {
  let deployment: Deployment;
  let dynamodb: DynamoDBClient;
  let s3: S3Client;
  let ground: Playground;
  let set: PackageSet;
  let before: Readonly<Record<string, string>>;

  beforeAll(async () => {
    deployment = deployed();
    const { endpoint } = deployment;
    dynamodb = new DynamoDBClient({ endpoint, region: 'us-east-1' });
    s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
    ground = await openPlayground(deployment);
    set = await publishSet(npm11, ground, { suffix: 'kept' });
    before = await deployment.stores();
    await restoreTable();
    await copyBucket();
  });

  afterAll(async () => {
    await ground?.remove();
    dynamodb?.destroy();
    s3?.destroy();
  });

  async function restoreTable(): Promise<void> {
    const SourceTableName = before['registry-table'];
    await dynamodb.send(
      new RestoreTableToPointInTimeCommand({
        ...{ SourceTableName, TargetTableName: restored.registryTable },
        UseLatestRestorableTime: true,
      }),
    );
  }

  async function copyBucket(): Promise<void> {
    const { blobBucket: Bucket } = restored;
    await s3.send(new CreateBucketCommand({ Bucket }));
    for (const Key of await blobsIn(before['blob-bucket'])) {
      await s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${before['blob-bucket']}/${Key}` }));
    }
  }

  async function blobsIn(Bucket: string | undefined): Promise<string[]> {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    return Contents.flatMap(({ Key }) => Key ?? []);
  }

  const fileUrl = (version: string) =>
    `${deployment.url}/api/v4/projects/${ground.project.id}/packages/generic/drill/${version}/file.bin`;
  const headers = () => ({ 'private-token': deployment.rootToken });
  const put = async (version: string) => {
    const body = `version ${version}`;
    const { status } = await fetch(fileUrl(version), { method: 'PUT', headers: headers(), body });
    expect(status).toBe(201);
  };
  const get = async (version: string) => {
    const answer = await fetch(fileUrl(version), { headers: headers() });
    return [answer.status, answer.ok ? await answer.text() : undefined];
  };

  it('refuses a table as a restore leaves it, and names the commands that mend it', async () => {
    const refused = await deployment.deployAgain(restored).then(
      () => '',
      (error: Error) => error.message,
    );
    // The CDK repeats the reason, in lines of its own.
    const [, reason = ''] = /Failed resources:\n(.*)/.exec(refused) ?? [];
    const commands = [...reason.matchAll(/aws (?:dynamodb|s3api) [^;(]+/g)].map(([command]) => command);
    expect(commands.map((command) => command.split(' ')[2])).toEqual([
      'update-table',
      'update-time-to-live',
      'update-continuous-backups',
      'update-table',
      'put-bucket-versioning',
    ]);
    expect(await deployment.stores()).toEqual(before);
    for (const command of commands) await runAwsCommand(command, deployment.endpoint);
  });

  it('finds nothing wrong with the restored stores before they are used', async () => {
    const doctor = await runPackhouse([
      ...['doctor', '--verify', '--aws-endpoint', deployment.endpoint, '--s3-path-style', 'true'],
      ...['--table', restored.registryTable, '--audit-table', before['audit-table'] ?? ''],
      ...['--bucket', restored.blobBucket, '--region', 'us-east-1'],
    ]);
    expect([doctor.code, doctor.output]).toEqual([0, expect.stringContaining('No problems')]);
  });

  it('serves from the restored stores to a real client what was published, and not what came later', async () => {
    await put('1.0.0');
    await deployment.deployAgain(restored);
    expect(await deployment.stores()).toMatchObject({
      'registry-table': restored.registryTable,
      'blob-bucket': restored.blobBucket,
    });
    const setup = { registry: ground.endpoint('npm', ground.project), token: ground.tokens.personal };
    await installSet(npm11, setup, set);
    expect(await get('1.0.0')).toEqual([404, undefined]);
  });

  it('publishes into the restored stores, and passes their events on', async () => {
    const [old, copied] = [await blobsIn(before['blob-bucket']), await blobsIn(restored.blobBucket)];
    await publishSet(npm11, ground, { suffix: 'after' });
    await put('2.0.0');
    expect(await get('2.0.0')).toEqual([200, 'version 2.0.0']);
    expect(await blobsIn(before['blob-bucket'])).toEqual(old);
    expect((await blobsIn(restored.blobBucket)).length).toBeGreaterThan(copied.length);
    await until(async () => {
      const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: before['audit-table'] }));
      return Items.some((item) => JSON.stringify(item).includes('2.0.0')) || undefined;
    });
  });

  it('goes back to the stores of the stack by a deployment without the settings that confirms it', async () => {
    await deployment.deployAgain({ confirmRemoval: Object.keys(restored).join(',') });
    expect(await deployment.stores()).toEqual(before);
    expect(await get('1.0.0')).toEqual([200, 'version 1.0.0']);
    expect(await get('2.0.0')).toEqual([404, undefined]);
  });
}
