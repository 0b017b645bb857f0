import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountsOf, freshName, type Owner } from '../kit/accounts.ts';
import type { Deployment } from '../kit/deploy.ts';

/** A deployment without package clients: the API, the events and the jobs behind it. */
export function describeDeployed(deployed: () => Deployment): void {
  let deployment: Deployment;
  let project: Owner;
  let sqs: SQSClient;
  let queueUrls: readonly string[];
  const bytes = randomBytes(100_000);

  beforeAll(async () => {
    deployment = deployed();
    sqs = new SQSClient({ endpoint: deployment.endpoint, region: 'us-east-1' });
    queueUrls =
      (await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'packhouse-main-jobs' }))).QueueUrls ?? [];
    const accounts = accountsOf(deployment);
    project = await accounts.project(await accounts.group(freshName('group')), 'project');
  });

  afterAll(() => sqs?.destroy());

  const authorized = () => ({ 'private-token': deployment.rootToken });
  const fileUrl = (name: string, id: string | number = project.id) =>
    `${deployment.url}/api/v4/projects/${id}/packages/generic/tool/1.0.0/${name}`;

  /** The URL of a queue, by the construct that made it: its name has the construct's, followed by a digest. */
  function queueUrl(construct: string): string {
    const found = queueUrls.find((url) => new RegExp(`-${construct}[0-9A-F]{8}`).test(url));
    if (!found) throw new Error(`there is no queue ${construct} among ${queueUrls.join(', ')}`);
    return found;
  }

  async function messageCount(construct: string): Promise<number> {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl(construct), AttributeNames: ['All'] }),
    );
    return (
      Number(Attributes.ApproximateNumberOfMessages) +
      Number(Attributes.ApproximateNumberOfMessagesNotVisible)
    );
  }

  it('challenges a request without credentials', async () => {
    const answer = await fetch(fileUrl('tool.bin'));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
  });

  it('stores a file and serves it by a link to the bucket', async () => {
    const put = await fetch(fileUrl('tool.bin'), { method: 'PUT', headers: authorized(), body: bytes });
    expect([put.status, await put.text()]).toEqual([201, '{"message":"201 Created"}']);

    const link = await fetch(fileUrl('tool.bin'), { headers: authorized(), redirect: 'manual' });
    expect(link.status).toBe(302);
    const got = await fetch(link.headers.get('location') ?? '');
    expect(Buffer.from(await got.arrayBuffer())).toEqual(bytes);
  });

  it('responds to HEAD without a redirect', async () => {
    const answer = await fetch(fileUrl('tool.bin'), { method: 'HEAD', headers: authorized() });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-checksum-sha256')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('finds a project by its path, with the slash encoded or not', async () => {
    for (const id of [encodeURIComponent(project.fullPath), project.fullPath]) {
      const answer = await fetch(fileUrl('tool.bin', id), { headers: authorized(), redirect: 'manual' });
      expect(answer.status).toBe(302);
    }
  });

  it('keeps file names with characters that URLs may encode', async () => {
    const name = 'linux/tool+x~1@2.txt';
    const url = fileUrl(encodeURIComponent(name));
    const put = await fetch(url, { method: 'PUT', headers: authorized(), body: 'x' });
    expect([put.status, await put.text()]).toEqual([201, '{"message":"201 Created"}']);
    const got = await fetch(url, { headers: authorized() });
    expect([got.status, await got.text()]).toEqual([200, 'x']);
  });

  it('serves the management API', async () => {
    const answer = await fetch(`${deployment.url}/api/v4/projects/${project.id}`, { headers: authorized() });
    expect(await answer.json()).toMatchObject({ id: project.id });
  });

  it('writes events into the audit table', async () => {
    const dynamodb = new DynamoDBClient({ endpoint: deployment.endpoint, region: 'us-east-1' });
    const { 'audit-table': TableName } = await deployment.stores();
    const types = async () => {
      const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName }));
      return Items.map((item) => item.type?.S);
    };
    await until(async () => (await types()).includes('package_published'));
    dynamodb.destroy();
  });

  it('runs the cleanup job for a message in its queue', async () => {
    await sqs.send(
      new SendMessageCommand({ QueueUrl: queueUrl('CleanupQueue'), MessageBody: '{"job":"cleanup"}' }),
    );
    await until(async () => (await messageCount('CleanupQueue')) === 0);
  });

  it('counts downloads that functions have logged', async () => {
    const list = `${deployment.url}/api/v4/projects/${project.id}/packages`;
    const packages = async () =>
      (await (await fetch(list, { headers: authorized() })).json()) as {
        id: number;
        last_downloaded_at: string | null;
      }[];
    const [first] = await packages();
    const line = JSON.stringify({ message: 'file downloaded', version_id: first?.id });
    const logEvents = [{ id: '1', timestamp: Date.UTC(2026, 0, 2), message: line }];
    const data = gzipSync(JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents })).toString('base64');
    // The emulator delivers no logs, so this sends them in the form of a failed invocation of the function.
    const MessageBody = JSON.stringify({ requestPayload: { awslogs: { data } } });
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl('DownloadsQueue'), MessageBody }));
    await until(async () =>
      (await packages()).some(({ last_downloaded_at }) => last_downloaded_at === '2026-01-02T00:00:00.000Z'),
    );
  });

  it('has no dead letters after these tests', async () => {
    await until(async () => (await messageCount('AuditQueue')) === 0);
    expect(await messageCount('AuditQueueDeadLetters')).toBe(0);
    expect(await messageCount('CleanupQueueDeadLetters')).toBe(0);
  });
}

/** Waits until a condition of the background work is met, at most a minute. */
async function until(isMet: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isMet())) {
    if (performance.now() > deadline) throw new Error('the condition was not met within a minute');
    await delay(200);
  }
}
