import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openQueues } from '../../services/adapters/aws/open-queues.ts';
import { openTables } from '../../services/adapters/aws/open-tables.ts';
import { JOB_ATTEMPTS } from '../../services/job-list.ts';
import { EVENT_SHARDS } from '../../services/registry/events/record-event.ts';
import { ranges } from '../../services/registry/records/keys.ts';
import { type Serving, serve } from '../../services/runtime/server/serve.ts';
import { readSettings } from '../../services/runtime/server/settings.ts';
import { accountsOf, freshName } from '../kit/accounts.ts';
import { type AwsResources, awsResources } from '../kit/aws-resources.ts';
import { type Ministack, ministackMissing, startMinistack } from '../kit/ministack.ts';

const rootToken = 'root-token-of-the-aws-tests';

describe.skipIf(ministackMissing)('servers that run the jobs of a deployment', () => {
  let ministack: Ministack;
  let resources: AwsResources;
  let folder: string;
  let tables: ReturnType<typeof openTables>;
  let queues: ReturnType<typeof openQueues>;
  const servers: Serving[] = [];

  beforeAll(async () => {
    ministack = await startMinistack();
    resources = awsResources(ministack.endpoint);
    folder = await mkdtemp(join(tmpdir(), 'packhouse-jobs-'));
    const { endpoint } = ministack;
    const [tableName, auditTableName] = [await resources.table(), await resources.table()];
    const queueUrls = {
      audit: await resources.queue(JOB_ATTEMPTS),
      search: await resources.queue(JOB_ATTEMPTS),
    };
    tables = openTables({ tableName, auditTableName, endpoint });
    queues = openQueues({ queueUrls, endpoint });
    const environment = {
      PACKHOUSE_PORT: '0',
      PACKHOUSE_DATA_DIR: folder,
      PACKHOUSE_ROOT_TOKEN: rootToken,
      PACKHOUSE_LOG: 'silent',
      PACKHOUSE_BUCKET: await resources.bucket(),
      PACKHOUSE_S3_PATH_STYLE: 'true',
      PACKHOUSE_TABLE: tableName,
      PACKHOUSE_AUDIT_TABLE: auditTableName,
      PACKHOUSE_AWS_ENDPOINT: endpoint,
      PACKHOUSE_JOB_QUEUES: Object.entries(queueUrls)
        .map(([name, { url, deadLetterUrl }]) => `${name} ${url} ${deadLetterUrl}`)
        .join(','),
    };
    for (let count = 0; count < 2; count++) {
      servers.push(await serve(readSettings([], environment), () => {}));
    }
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    queues?.close();
    await tables?.close();
    resources?.close();
    await ministack?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** The outbox as the pipe and the topic would pass it on. */
  async function outbox(): Promise<string[]> {
    const pages = Array.from({ length: EVENT_SHARDS }, (_, shard) =>
      tables.table.query(ranges.events(shard)),
    );
    const items = (await Promise.all(pages)).flatMap(({ items }) => items);
    return items.map(({ pk, sk, type, event }) => {
      const NewImage = { type: { S: type }, event: { S: event } };
      return JSON.stringify({
        eventName: 'INSERT',
        dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } }, NewImage },
      });
    });
  }

  const open = (name: string) => queues.queue(name, { retryAfter: 0, maxAttempts: JOB_ATTEMPTS });

  test('process messages that are delivered twice only once, and leave the outbox to the stream', async () => {
    const [first, second] = servers;
    const accounts = accountsOf({ url: first?.url ?? '', rootToken });
    const project = await accounts.project(await accounts.group(freshName('jobs')), 'npm');
    const base = `${second?.url}/api/v4/projects/${project.id}/packages`;
    const headers = { 'private-token': rootToken };
    const put = await fetch(`${base}/generic/findable-tool/1.0/a.txt`, { method: 'PUT', headers, body: 'x' });
    expect([put.status, await put.text()]).toEqual([201, '{"message":"201 Created"}']);
    const records = await outbox();
    expect(records.length).toBeGreaterThan(2);
    // Delivers each event twice, and to both queues whether they subscribe to it or not.
    for (const name of ['audit', 'search']) await open(name).send([...records, ...records, 'no message']);

    const owner = `PROJECT#${project.id}`;
    const audited = async () => (await tables.audit.query({ pk: owner })).items.map(({ type }) => type);
    const words = async () =>
      (await tables.table.query(ranges.words('instance', 'generic', 'findable'))).items.length;
    await until(async () => (await audited()).includes('package_published') && (await words()) === 1);
    expect((await audited()).filter((type) => type === 'package_published')).toHaveLength(1);
    expect(await outbox()).toHaveLength(records.length);
  });
});

/** Waits until a condition of the background work is met, at most a minute. */
async function until(isMet: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isMet())) {
    if (performance.now() > deadline) throw new Error('the condition was not met within a minute');
    await delay(200);
  }
}
